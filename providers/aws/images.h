#pragma once
#include <map>
#include <string>
#include <vector>

#include "providers/aws/api.h"

namespace rayctl::aws {

/// The public parameter that holds the id of the newest image of AWS for deep learning: base, with
/// NVIDIA's driver, Ubuntu 22.04, x86_64.
inline constexpr char kLatestDlami[] =
    "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id";

/// Ray's word for that image, and what stands for it where a node config names none.
inline constexpr char kNewestImage[] = "latest_dlami";

/// The parameter of SSM that an ImageId stands for: "latest_dlami" (Ray's word), "ssm:/path" or
/// "resolve:ssm:/path"; "" for an id.
std::string image_parameter(const std::string& image_id);

/// Provider::resolve_images: replaces such ImageIds by what `pinned` or SSM says of them.
/// kPermanent if there is no such parameter.
Result<std::map<std::string, std::string>> resolve_images(
    Api& api, const std::vector<Json*>& node_configs,
    const std::map<std::string, std::string>& pinned, Time deadline);

}  // namespace rayctl::aws
