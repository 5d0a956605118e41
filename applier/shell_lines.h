#pragma once
#include <string>
#include <vector>

#include "applier/run.h"

namespace rayctl {

/// Runs set-up lines of the config on a node, one after the other, each as the detached operation
/// `prefix`0, `prefix`1, ...: one that has ended well under that token is not run again.
/// kSetupFailed with the last lines of the one that fails. RAY_HEAD_IP is in a worker's environment
/// where a line names it: a head that is being made is waited for.
Result<> run_shell_lines(Run& run, const Step& step, const NodeAtWork& node,
                         const std::vector<std::string>& lines, const std::string& prefix);

/// Runs initialization_commands on the node's machine (`at` is reach_machine's), outside any
/// container, unless these very lines were the last to run well there: what the machine keeps in
/// ~/.rayctl/initialized.
Result<> initialize(Run& run, const Step& step, const NodeAtWork& at, const NodeSpec& spec,
                    const OpToken& token);

}  // namespace rayctl
