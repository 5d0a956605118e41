#include "providers/python/host_answer.h"

#include <utility>

#include "base/text.h"
#include "model/json_text.h"

namespace rayctl::python {
namespace {

constexpr std::size_t kLines = 20;

HostFailure not_understood(const std::string& what) {
  return {.kind = "request", .method = "", .node = "", .message = what, .lines = {}};
}

std::string sentence(const HostFailure& failure, const std::string& class_name) {
  const std::string of = failure.method.empty()
                             ? class_name
                             : failure.method + " of " + (class_name.empty() ? "it" : class_name);
  const std::string node = failure.node.empty() ? "" : " (node " + failure.node + ")";
  if (failure.kind == "raised" || failure.kind == "launch" || failure.kind == "unsupported") {
    return of + node + " raised " + failure.message;
  }
  const char* hint =
      failure.kind == "import" ? "; provider.python says which interpreter looks for it" : "";
  return of + node + ": " + failure.message + hint;
}

Error fault_of(const std::string& kind, std::string message) {
  if (kind == "import" || kind == "start") {
    return permanent(ErrorCode::kConfigInvalid, std::move(message));
  }
  if (kind == "unsupported") return permanent(ErrorCode::kNotSupported, std::move(message));
  if (kind == "type" || kind == "too_large" || kind == "request") {
    return permanent(ErrorCode::kProviderRefused, std::move(message));
  }
  if (kind == "deadline" || kind == "silent" || kind == "ended") {
    return unknown_outcome(ErrorCode::kProviderUnavailable, std::move(message));
  }
  return transient(ErrorCode::kProviderUnavailable, std::move(message));
}

}  // namespace

HostAnswer read_answer(Json line) {
  HostAnswer answer;
  if (const auto ok = line.find("ok"); ok != line.end()) {
    answer.ok = std::move(*ok);
    return answer;
  }
  const auto error = line.find("error");
  if (error == line.end() || !error->is_object()) {
    answer.failure = not_understood("the host's answer is neither `ok` nor `error`");
    return answer;
  }
  answer.failure = HostFailure{.kind = text_in(*error, "kind"),
                               .method = text_in(*error, "method"),
                               .node = text_in(*error, "node"),
                               .message = text_in(*error, "message"),
                               .lines = {}};
  const std::string traceback = trim(text_in(*error, "traceback"));
  if (!traceback.empty()) answer.failure->lines = last_lines(traceback, kLines);
  return answer;
}

Error error_of(const HostFailure& failure, const std::string& class_name) {
  Error error = fault_of(failure.kind, sentence(failure, class_name));
  error.context = failure.lines;
  return error;
}

}  // namespace rayctl::python
