#pragma once
#include <functional>
#include <string>

#include "providers/aws/resource_calls.h"

namespace rayctl::aws {

inline constexpr char kTagRegion[] = "rayctl-region";  ///< IAM is the same in all regions

/// Whether IAM says that it does not know a name.
bool is_missing(const ApiError& api);
/// Parameters Tags.member.N that say whose it is.
void add_iam_tags(Params& params, const ResourceScope& scope, const std::string& region);
/// Calls IAM until it no longer says that it does not know a name: for what was made just now.
Result<> call_until_known(const ResourceJob& job, const std::string& action, const Params& params);
/// Calls IAM; what is not there is fine.
Result<> call_if_there(const ResourceJob& job, const std::string& action, const Params& params);
/// Looks until `done` says so, with growing pauses; kTransient with `what` at the deadline.
Result<> look_until(const ResourceJob& job, const std::string& what,
                    const std::function<Result<bool>()>& done);

}  // namespace rayctl::aws
