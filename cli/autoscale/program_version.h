#pragma once
#include <string>

#include "base/result.h"
#include "base/version.h"

namespace rayctl {

/// An older program changes nothing where a newer one works: kConflict with kOlderProgram, naming
/// both. `there` is what runs or has run at `where` ("the head"); "" is nothing. Pure.
Result<> guard_version(const std::string& mine, const std::string& there, const std::string& where);

}  // namespace rayctl
