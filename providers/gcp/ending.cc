#include "providers/gcp/ending.h"

#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr char kDelete[] = "delete";
constexpr char kStop[] = "stop";

bool never_was(const ApiError& api) {
  return meaning_of(api.reason, api.status).kind == ErrorClass::kNotFound;
}

/// One with disks of its machine's own, say, or one that is on its way out already.
bool cannot_stop(const ApiError& api) {
  return meaning_of(api.reason, api.status).kind == ErrorClass::kBadParameter;
}

}  // namespace

Reply<Operation> Ending::call(const GceInstance& instance, const std::string& verb, Time deadline) {
  const bool ends = verb == kDelete;
  return call_and_wait(api_, clock_, index_.place().project,
                       {.id = "compute.instances." + verb,
                        .verb = ends ? "DELETE" : "POST",
                        .path = index_.path(instance, ends ? "" : verb),
                        .repeatable = true},
                       deadline);
}

Result<> Ending::terminate(const CloudId& id, Time deadline) {
  const Reply<std::optional<GceInstance>> found = index_.find(id, deadline);
  if (!found) return found.value.error();
  if (!*found) return {};
  const Reply<Operation> ended = call(**found, kDelete, deadline);
  if (!ended && !never_was(ended.api)) {
    return in_context(ended.value.error(), "deleting " + id.text);
  }
  index_.forget(id);
  return {};
}

Result<> Ending::release(const CloudId& id, Time deadline) {
  if (!settings_.cache_stopped) return terminate(id, deadline);
  const Reply<std::monostate> marked =
      labelling_.change(id, {{kTagCached, "1"}}, {kTagNode}, deadline);
  if (!marked && never_was(marked.api)) return {};
  if (!marked) return marked.value.error();
  const Reply<std::optional<GceInstance>> found = index_.find(id, deadline);
  if (!found) return found.value.error();
  if (!*found) return {};
  const Reply<Operation> stopped = call(**found, kStop, deadline);
  if (stopped || never_was(stopped.api)) return {};
  if (cannot_stop(stopped.api)) return terminate(id, deadline);
  return in_context(stopped.value.error(), "stopping " + id.text);
}

}  // namespace rayctl::gcp
