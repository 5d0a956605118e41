#pragma once
#include <string>

#include "cli/autoscale/lease.h"
#include "transport/command_runner.h"

namespace rayctl {

/// This process for good: boot, the space that its number counts in, number and start. A number
/// alone may be another process's, on another machine or in a container.
std::string this_process();

/// Whether `process` (as this_process() gave it) was one of the runner's machine, in the space of
/// process numbers that the runner sees, and has ended. False for anything that cannot be told.
bool process_gone(CommandRunner& runner, const std::string& process, Time deadline);

/// This process as a party, with an id of its own; `program` is its version.
LeaseParty this_party(const std::string& owner, LeaseKind kind, const std::string& program);
/// process_gone() for a Lease whose file lies on the runner's machine; the references outlive it.
Lease::Gone gone_on(CommandRunner& runner, Clock& clock);

}  // namespace rayctl
