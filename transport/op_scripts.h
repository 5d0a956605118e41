#pragma once
#include <string>

namespace rayctl {

// The shell side of detached operations (transport/detached_op.h). POSIX sh with `setsid`,
// `flock`, `tail` and `head` beside it (util-linux and coreutils, or busybox), and Linux's /proc.
// Each is run as: sh -c SCRIPT rayctl-op ARGUMENTS. Texts come in as arguments, never as script.
//
// Files of an operation, in ~/.rayctl/ops/<token>/, 0600:
//   lock        held while an operation is being started, by the new process itself in the end
//   command     the program and its arguments, one a line
//   in          its standard input, until it has been opened
//   boot_id, start_time, pid   who it is; pid is written last
//   out         standard output and error
//   exit_code   written when it has ended

/// Arguments: token, "1" if there is input, op_run_script(), program and arguments. Starts the
/// operation if it neither runs nor ended with 0. Prints what op_look_script() prints.
/// Exits with 73 if the node's folder cannot be written.
std::string op_start_script();
/// The process that runs the operation and records how it ended.
std::string op_run_script();
/// Arguments: token, offset, limit. Prints "absent|running|done|dead EXIT_CODE PID LEAVES" (LEAVES
/// is 1 if it has ended and something that it started has not) and, from the next line on, at most
/// `limit` bytes of the output from `offset` on.
std::string op_look_script();
/// Arguments: token, limit. Prints the last `limit` bytes of the output.
std::string op_tail_script();
/// Arguments: token, "TERM" or "KILL", and what was sent SIGTERM before ("program", "group" or "").
/// Prints what of the operation lives: "program" (and those it started), "leader" (its program does
/// not yet or no longer), "group" (only what they left behind) or "gone". KILL ends all of it; TERM
/// is sent to the program, or to the group once the program has ended, unless that was done before.
std::string op_signal_script();

}  // namespace rayctl
