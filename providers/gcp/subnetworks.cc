#include "providers/gcp/subnetworks.h"

#include <algorithm>

#include "net/url_text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/pages.h"

namespace rayctl::gcp {
namespace {

constexpr char kPreferred[] = "default";

/// Others hold proxies and published services, and take no machines.
bool takes_machines(const Json& item) {
  const std::string purpose = item.value("purpose", "");
  return purpose.empty() || purpose == "PRIVATE" || purpose == "PRIVATE_RFC_1918";
}

}  // namespace

Result<std::vector<Subnetwork>> Subnetworks::all(Time deadline) const {
  {
    const std::lock_guard lock(mutex_);
    if (all_) return *all_;
  }
  std::vector<Subnetwork> found;
  const auto looked = for_each_item(
      api_,
      {.id = "compute.subnetworks.list",
       .path = "projects/" + percent_encode(place_.project) + "/regions/" +
               percent_encode(place_.region) + "/subnetworks",
       .body = {}},
      "items",
      [&](const Json& item) {
        if (takes_machines(item))
          found.push_back({.url = text_of(item, "selfLink"), .network = text_of(item, "network")});
      },
      deadline);
  if (!looked) return looked.value.error();
  const std::lock_guard lock(mutex_);
  all_ = found;
  return found;
}

Result<Subnetwork> Subnetworks::chosen(Time deadline) const {
  Result<std::vector<Subnetwork>> found = all(deadline);
  if (!found) return found.error();
  if (found->empty()) {
    return permanent(ErrorCode::kProviderRefused,
                     "the project " + place_.project + " has no subnetwork in " + place_.region +
                         ": make one, or give networkInterfaces in each node_config");
  }
  const auto preferred = std::find_if(
      found->begin(), found->end(),
      [](const Subnetwork& subnetwork) { return last_part(subnetwork.network) == kPreferred; });
  return preferred == found->end() ? found->front() : *preferred;
}

}  // namespace rayctl::gcp
