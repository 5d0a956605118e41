#pragma once
#include <filesystem>

#include "base/result.h"

namespace rayctl::process {

/// Makes and checks /tmp/rayctl-<uid>/, which holds Ray's temporary folders: short, because Ray
/// puts unix sockets below them (107 characters at most), and this user's alone, because /tmp is
/// everyone's. kProviderRefused if somebody else was there first.
Result<std::filesystem::path> own_temp();

}  // namespace rayctl::process
