#pragma once
#include <string>

#include "base/result.h"
#include "transport/command_runner.h"
#include "transport/ssh/exec_stream.h"

namespace rayctl {

/// A command as the login shell of a node gets it. Environment and input travel on standard input,
/// so that nobody reads them in a list of processes; so do arguments that are too long for a line.
/// With `login_shell` it runs as Ray runs commands (`bash --login -i`, ~/.bashrc,
/// OMP_NUM_THREADS=1, PYTHONWARNINGS=ignore; ray/autoscaler/_private/command_runner.py of 2.60),
/// except that what the start-up files print or read stays out of the command's outputs and input.
/// Arguments with a zero byte and names that no environment can have: kPermanent, kInternal.
/// `end` is text that the command's output will not hold (16 random bytes).
Result<ExecRequest> remote_request(const Command& command, bool login_shell,
                                   const std::string& end);

// Shell scripts for files: sh -c SCRIPT rayctl-file ARGUMENTS. The path may begin with "~/" and is
// else relative to the home folder. Exit code 73 if the file cannot be written, 66 if not read.

/// Arguments: path, mode (octal), size, a word for the draft's name. Standard input becomes the
/// file if it has that many bytes.
std::string file_put_script();
/// Arguments: path. Prints the file.
std::string file_get_script();

}  // namespace rayctl
