#include "providers/aws/retry.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace rayctl::aws {
namespace {

constexpr std::string_view kReading[] = {"Describe", "Get", "List", "Simulate", "Decode"};

constexpr std::string_view kIdempotent[] = {
    "AttachRolePolicy",
    "CancelSpotInstanceRequests",
    "CreateTags",
    "DeleteTags",
    "ModifyInstanceAttribute",
    "ModifyInstanceMetadataOptions",
    "MonitorInstances",
    "PutRolePolicy",
    "StartInstances",
    "StopInstances",
    "TagInstanceProfile",
    "TagRole",
    "TerminateInstances",
    "UpdateAssumeRolePolicy",
};

}  // namespace

bool safe_to_repeat(const std::string& action, const Params& params) {
  const auto begins = [&](std::string_view start) { return action.starts_with(start); };
  return params.contains("ClientToken") ||
         std::any_of(std::begin(kReading), std::end(kReading), begins) ||
         std::find(std::begin(kIdempotent), std::end(kIdempotent), action) != std::end(kIdempotent);
}

}  // namespace rayctl::aws
