#pragma once
#include <string>

#include "transport/command_runner.h"

namespace rayctl {

enum class PathKind { kNothing, kFile, kFolder };

/// What a path of a node leads to, through links; "~" is the home. One command. kFilesFailed if it
/// cannot be looked at.
Result<PathKind> kind_of_path(CommandRunner& node, const std::string& path, Time deadline);

}  // namespace rayctl
