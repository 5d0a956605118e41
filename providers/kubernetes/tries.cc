#include "providers/kubernetes/tries.h"

#include <algorithm>

#include "providers/kubernetes/errors.h"

namespace rayctl::kubernetes {
namespace {

constexpr Millis kTry{60'000};  ///< that one try may last

/// How a try ended that did not succeed.
struct Failure {
  Error error;
  bool settled = true;  ///< the server itself said that it did not happen
  bool again = false;
  bool counts = true;  ///< as one of the tries
  Millis hint{0};
};

std::optional<Failure> assess(const Asking& asking, const Result<HttpResponse>& response) {
  Failure failure;
  if (!response) {
    failure.error = in_context(response.error(), asking.doing);
    failure.settled = false;
    failure.again = response.error().fault == Fault::kTransient ||
                    (response.error().fault == Fault::kUnknown && asking.repeatable);
    return failure;
  }
  const int status = response->status;
  const bool answered =
      status / 100 == 2 || status == 101 ||
      std::find(asking.expected.begin(), asking.expected.end(), status) != asking.expected.end();
  if (answered) return std::nullopt;
  const ApiStatus said = read_status(*response);
  const bool harmless = asking.repeatable || asking.inert;
  failure.error = error_of(asking.doing, said, harmless);
  failure.hint = said.retry_after;
  const bool busy = status == 429 || status == 503;
  failure.settled = status / 100 != 5 || busy || asking.inert;
  failure.again = busy || (status / 100 == 5 && harmless);
  failure.counts = !busy;
  return failure;
}

}  // namespace

Result<HttpResponse> ask(Connection& connection, const Asking& asking, const TryRules& rules,
                         Time deadline) {
  Clock& clock = *rules.clock;
  bool renewed = false, uncertain = false;
  for (int pauses = 0, tries = 0;; ++pauses) {
    const Result<Line> line = connection.line(deadline);
    if (!line) return in_context(line.error(), asking.doing);
    Result<HttpResponse> response =
        asking.send(*line, std::min<Time>(deadline, clock.now() + kTry));
    std::optional<Failure> failure = assess(asking, response);
    if (!failure) return response;
    if (response && response->status == 401) {
      failure->error.message += " (credentials: " + line->login.source + ")";
      if (!renewed) {
        renewed = true;
        connection.reject(line->login);
        continue;
      }
    }
    uncertain = uncertain || failure->error.fault == Fault::kUnknown;
    // An earlier try may have been heard, and this one has settled nothing.
    if (uncertain && !failure->settled) failure->error.fault = Fault::kUnknown;
    if (failure->counts) ++tries;
    const Millis pause = backoff_delay(rules.backoff, pauses, rules.random(), failure->hint);
    if (!failure->again || tries >= rules.backoff.attempts || clock.now() + pause >= deadline ||
        !clock.sleep(pause, rules.stop)) {
      return failure->error;
    }
  }
}

}  // namespace rayctl::kubernetes
