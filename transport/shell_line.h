#pragma once
#include <string>
#include <vector>

#include "transport/command_runner.h"

namespace rayctl {

/// The program and arguments that run shell lines in order, each in a shell of its own, and end
/// with the exit code of the first that fails. With kLogin each line runs as Ray runs it
/// (`bash --login -i`, ~/.bashrc, OMP_NUM_THREADS=1, PYTHONWARNINGS=ignore;
/// ray/autoscaler/_private/command_runner.py of 2.60): variables, functions and aliases of the
/// start-up files are there (`conda activate` works), but what those print is not, and the shell of
/// the line itself is no interactive one, so that SIGTERM ends it.
std::vector<std::string> shell_argv(ShellKind kind, const std::vector<std::string>& lines);

}  // namespace rayctl
