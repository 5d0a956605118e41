#include "providers/gcp/labelling.h"

#include <algorithm>
#include <utility>

#include "providers/gcp/errors.h"
#include "providers/gcp/labels.h"

namespace rayctl::gcp {
namespace {

constexpr int kTries = 12;
constexpr Millis kFirstPause{50};
constexpr Millis kLongestPause{2'000};

Reply<std::monostate> no_such(const CloudId& id) {
  return {permanent(ErrorCode::kProviderRefused, "there is no machine " + id.text),
          {.status = 404, .reason = "notFound", .message = ""}};
}

bool was_late(const ApiError& api) {
  const ErrorClass kind = meaning_of(api.reason, api.status).kind;
  return kind == ErrorClass::kStaleRead || kind == ErrorClass::kNotReady;
}

}  // namespace

Reply<Operation> Labelling::set(const GceInstance& instance, const Labels& labels, Time deadline) {
  return call_and_wait(
      api_, clock_, index_.place().project,
      {.id = "compute.instances.setLabels",
       .verb = "POST",
       .path = index_.path(instance, "setLabels"),
       .body = {{"labels", labels}, {"labelFingerprint", instance.label_fingerprint}},
       .repeatable = true},
      deadline);
}

Reply<std::monostate> Labelling::change(const CloudId& id, const Tags& tags,
                                        const std::vector<std::string>& remove, Time deadline) {
  Reply<std::optional<GceInstance>> found = index_.find(id, deadline);
  const bool old = found && *found && (*found)->label_fingerprint.empty();
  if (old) found = index_.look(id, deadline);
  Millis pause = kFirstPause;
  for (int tries = 1;; ++tries) {
    if (!found) return {found.value.error(), found.api};
    if (!*found) return no_such(id);
    const GceInstance& instance = **found;
    Labels labels = instance.labels;
    change_labels(labels, tags, remove);
    if (labels == instance.labels) return {};
    const Reply<Operation> done = set(instance, labels, deadline);
    // However it went: what was known of them is old now.
    index_.forget_labels(id);
    if (done) return {};
    if (done.api.status == 404) return no_such(id);
    if (!was_late(done.api) || tries == kTries || clock_.now() + pause > deadline) {
      return {in_context(done.value.error(), "labelling " + id.text), done.api};
    }
    if (tries > 1) {
      clock_.sleep(pause, {});
      pause = std::min(pause * 2, kLongestPause);
    }
    found = index_.look(id, deadline);
  }
}

}  // namespace rayctl::gcp
