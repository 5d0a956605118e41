#pragma once
#include <set>
#include <string>

#include "transport/command_runner.h"
#include "transport/delivered.h"

namespace rayctl {

/// Where files of a mount go on a node, as its scripts name it.
struct MountPlace {
  std::string remote;  ///< as the configuration writes it, without a trailing slash
  std::string path;    ///< the same, absolute or below the home ("./app")
  std::string record;  ///< where the node keeps what it knows of the mount
};
MountPlace mount_place(const std::string& remote);
/// The same for files that are put beside others (file_copy.h).
MountPlace copy_place(const std::string& remote);

/// What a node has of a mount.
struct NodeFiles {
  Delivered delivered;
  std::uint64_t log_size = 0;
  std::set<std::string> changed;  ///< paths of files that somebody changed there since
  std::set<std::string> gone;     ///< and of those that somebody removed
  bool gzip = false;
};

/// Asks a node: one command. `last`, if given, is what was delivered last as far as the caller
/// knows; the node's list need not travel then. Files that changed there are known by time and
/// size.
Result<NodeFiles> look_at_mount(CommandRunner& runner, const MountPlace& place,
                                const Manifest* last, Time deadline);

/// Asks for the sums of the blocks (block_sums.h) of large files as they were delivered: one
/// command. `files`: the digest of each and its place below `root`. "" for a file whose sums the
/// node has not, or that cannot be read there.
Result<std::vector<std::string>> block_sums_on_node(CommandRunner& runner, const MountPlace& place,
                                                    const std::string& root,
                                                    const std::vector<std::string>& files,
                                                    Time deadline);

}  // namespace rayctl
