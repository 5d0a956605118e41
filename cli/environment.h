#pragma once
#include <map>
#include <string>

namespace rayctl {

/// All variables of this process, HOME as the user's directory: for programs that work for the user
/// as if they had started them (credential plugins, provider classes).
std::map<std::string, std::string> whole_environment();

}  // namespace rayctl
