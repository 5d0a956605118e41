#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "transport/command_runner.h"

namespace rayctl {

struct FetchReport {
  std::uint64_t files = 0, bytes = 0;
  std::vector<std::string> left_out;  ///< links that would lead out of the target
};

/// Brings a file or a folder of the node here, as rsync places it: what a folder named with a
/// trailing slash holds goes into `target`; a folder without, or a file if `target` is a folder or
/// ends in a slash, goes there under its own name; else `target` is the file. One command, one
/// stream; each file is renamed into its place once it is complete. What was here and is not there
/// stays. Nothing is written outside of `target`, whatever the node sends: a name that leads out is
/// kFilesFailed, a link that does is left out. kFilesFailed too if the source is not there.
Result<FetchReport> fetch_files(CommandRunner& runner, const std::string& remote,
                                const std::string& target, Time deadline);

}  // namespace rayctl
