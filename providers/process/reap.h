#pragma once
#include <filesystem>
#include <vector>

#include "base/clock.h"
#include "providers/process/proc.h"

namespace rayctl::process {

/// The processes of a node: those whose environment carries its marker, those of a session that
/// one of them leads, and what any of these started. The caller and the processes that it
/// descends from are never among them.
std::vector<ProcStat> processes_of(const std::filesystem::path& folder);

/// Ends all processes of a node. First SIGTERM to the programs of its detached operations, among
/// them `ray start --block`, which then drains and ends its own in order; after `grace`, or once
/// they have ended, SIGTERM to the rest and, two seconds later, SIGKILL. Returns when nothing of
/// the node runs; false if something still does (a process that cannot be killed).
bool end_processes(const std::filesystem::path& folder, Millis grace);

}  // namespace rayctl::process
