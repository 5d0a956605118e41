#pragma once
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"

namespace rayctl::gcp {

/// The last part of a URL: "n1-standard-2" of ".../machineTypes/n1-standard-2".
std::string last_part(const std::string& url);

/// A machine of an answer of instances.get or of a list.
GceInstance parse_instance(const Json& json);

/// Every machine of the cluster in the region, by its label, whatever its power. All pages, all
/// zones; kTransient if a zone could not be asked: not seen is not the same as gone.
Reply<std::vector<GceInstance>> instances_of(Api& api, const GcePlace& place,
                                             const ClusterName& cluster, Time deadline);

/// A machine of the region by its name alone, wherever it is; nullopt if there is none.
Reply<std::optional<GceInstance>> instance_named(Api& api, const GcePlace& place,
                                                 const std::string& name, Time deadline);

/// A machine by its zone and name; nullopt if there is none.
Reply<std::optional<GceInstance>> instance(Api& api, const GcePlace& place, const std::string& zone,
                                           const std::string& name, Time deadline);

}  // namespace rayctl::gcp
