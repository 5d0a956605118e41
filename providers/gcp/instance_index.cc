#include "providers/gcp/instance_index.h"
#include "net/url_text.h"

namespace rayctl::gcp {

void InstanceIndex::keep(const std::vector<GceInstance>& instances) {
  const std::lock_guard lock(mutex_);
  for (const GceInstance& instance : instances)
    seen_.insert_or_assign(instance.node.id, instance);
}

void InstanceIndex::forget(const CloudId& id) {
  const std::lock_guard lock(mutex_);
  seen_.erase(id);
}

void InstanceIndex::forget_labels(const CloudId& id) {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find(id);
  if (found != seen_.end()) found->second.label_fingerprint.clear();
}

Reply<std::optional<GceInstance>> InstanceIndex::find(const CloudId& id, Time deadline) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find(id);
    if (found != seen_.end()) return {std::optional(found->second), {}};
  }
  return look(id, deadline);
}

Reply<std::optional<GceInstance>> InstanceIndex::look(const CloudId& id, Time deadline) {
  std::string zone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find(id);
    if (found != seen_.end()) zone = found->second.zone;
  }
  Reply<std::optional<GceInstance>> found =
      zone.empty() ? search(id.text, deadline) : instance(api_, place_, zone, id.text, deadline);
  if (!found) return found;
  if (*found) {
    keep({**found});
  } else {
    forget(id);
  }
  return found;
}

// A list may not show one that is very new; asked for by zone and name it is there.
Reply<std::optional<GceInstance>> InstanceIndex::search(const std::string& name, Time deadline) {
  Reply<std::optional<GceInstance>> found = instance_named(api_, place_, name, deadline);
  for (const std::string& zone : place_.zones) {
    if (!found || *found) break;
    found = instance(api_, place_, zone, name, deadline);
  }
  return found;
}

std::string InstanceIndex::path(const GceInstance& instance, const std::string& verb) const {
  return "projects/" + percent_encode(place_.project) + "/zones/" + percent_encode(instance.zone) +
         "/instances/" + percent_encode(instance.node.id.text) + (verb.empty() ? "" : "/" + verb);
}

}  // namespace rayctl::gcp
