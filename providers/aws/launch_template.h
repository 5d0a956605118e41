#pragma once
#include <string>

#include "model/json.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// The user data that a launch template gives to machines, decoded; "" if it gives none.
/// `launch_template` is what a node_config says: LaunchTemplateId or LaunchTemplateName, and
/// Version. One call.
Result<std::string> user_data_of_template(Api& api, const Json& launch_template, Time deadline);

}  // namespace rayctl::aws
