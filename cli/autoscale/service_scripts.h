#pragma once
#include <string>

namespace rayctl {

// The shell side of the service (service.h). POSIX sh; texts come in as arguments and on standard
// input, never as script.

/// Arguments: a bundle's folder. Runs its program again and again; ends with 3 once it is to end
/// (never with 0: the same bundle may be started again later).
std::string service_run_script();
/// Arguments: cluster, root; standard input: what to run at boot. Prints "systemd", "systemd-user",
/// "cron" or "nothing".
std::string service_boot_script();
/// Arguments: cluster, root. Takes back what service_boot_script() did.
std::string service_no_boot_script();

}  // namespace rayctl
