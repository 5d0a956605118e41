#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace rayctl {

/// Runs a program of this machine with this process's own terminal and returns its exit status, 128
/// + signal if one killed it. While it runs, what a terminal sends (Ctrl-C) is the program's
/// business; SIGTERM and SIGHUP are handed on to it. argv[0] is looked for on the PATH; kIo if it
/// cannot be started.
Result<int> run_in_terminal(const std::vector<std::string>& argv);

}  // namespace rayctl
