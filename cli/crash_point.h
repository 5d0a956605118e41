#pragma once
#include <functional>
#include <string>

#include "cli/io.h"
#include "model/action.h"

namespace rayctl {

/// For the crash tests only. RAYCTL_CRASH_AT ends the process with SIGKILL at one of the points
/// that the applier passes: a number n is the n-th of the run (from 1); "<verb>:<point>[:n]" the
/// n-th time that a step of that verb passes that point ("create-nodes:act:after").
/// RAYCTL_CRASH_COUNT_FILE names a file to which each point that is passed is added as a line.
/// Empty when neither is set.
std::function<void(const std::string& point, const Action& action)> crash_point_hook(const Io& io);

}  // namespace rayctl
