#pragma once
#include <string>

namespace rayctl::process {

/// The hidden command `rayctl node-supervisor FOLDER`: starts the process that is a node's life.
/// It holds the folder's lock until it ends; SIGTERM makes it end everything of the node (Ray
/// first, which drains; up to 30 seconds), remove the folder and end. It has left the caller's
/// session, files and folder. When somebody else removes the folder, it ends the node as well:
/// no list could show it any more.
///
/// Prints the supervisor's identity, the machine's id, on standard output and returns 0 once it
/// lives; so it does if one lived already. Ends what an earlier supervisor, killed, left running.
/// Returns 1 after a message on standard error. Called in a program with one thread.
int run_supervisor(const std::string& folder);

}  // namespace rayctl::process
