#pragma once
#include <string>
#include <string_view>

namespace rayctl::aws {

/// How the member `name` of the structure `owner` is called on the wire in RunInstances. `owner` is
/// the member that holds the structure ("NetworkInterfaces"; "" for the call itself). A name that
/// is not in the table stands for itself, so that members that are younger than it pass too.
std::string_view wire_name(std::string_view owner, std::string_view name);

}  // namespace rayctl::aws
