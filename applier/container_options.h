#pragma once
#include <map>
#include <string>

#include "applier/secrets.h"

namespace rayctl {

/// docker's run_options (shell text) without secrets: `-e NAME=secret://...` becomes `-e NAME`, and
/// the value goes to `env`, from which docker takes it. kNotSupported for a reference in any other
/// place, which would put the value into a list of processes.
Result<std::string> options_without_secrets(const std::string& options, const Secrets& secrets,
                                            std::map<std::string, std::string>& env);

}  // namespace rayctl
