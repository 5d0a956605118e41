#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/json.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// The parameters of RunInstances that a node_config (boto3's names) stands for, all of it but what
/// a launch decides itself: MinCount, MaxCount, ClientToken, DryRun and SubnetIds. UserData, which
/// is plain in a node_config, goes out in base64. Null members are left out.
Params run_instances_params(const Json& node_config);

/// Adds "name.1", "name.2", ...
void add_list(Params& params, const std::string& name, const std::vector<std::string>& values);

/// Adds the next Filter.N, which holds where one of `values` does. EC2 reads * and ? in a value as
/// wildcards: they are escaped.
void add_filter(Params& params, const std::string& name, const std::vector<std::string>& values);

std::string base64(std::string_view bytes);

}  // namespace rayctl::aws
