#pragma once
#include <string>

#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"

namespace rayctl::gcp {

/// The path of the call that gets a template, however the config names it: "worker-16",
/// "global/instanceTemplates/worker-16", with a region or another project, a whole URL.
std::string template_path(const GcePlace& place, const std::string& name);

/// What a template gives, as instanceTemplates.get says it below `properties`. kPermanent if there
/// is no such template.
Reply<Json> template_properties(Api& api, const GcePlace& place, const std::string& name,
                                Time deadline);

}  // namespace rayctl::gcp
