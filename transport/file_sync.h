#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "model/manifest.h"
#include "transport/command_runner.h"

namespace rayctl {

struct SyncReport {
  FileDelta delta;  ///< against what was delivered last
  std::uint64_t overwritten =
      0;                   ///< files that somebody changed or removed on the node: made right
  std::uint64_t kept = 0;  ///< changed on the node and no longer in the manifest: left there
  bool operator==(const SyncReport&) const = default;
};

/// Told now and then, on the thread that sends, how many bytes of files were sent, of how many.
using SyncProgress = std::function<void(std::uint64_t sent, std::uint64_t all)>;

/// Makes `remote` on the node hold what `manifest` says, from `local` here, with two commands: one
/// looks at what the node was given last (kept there under ~/.rayctl/mounts/), one takes a single
/// compressed stream of the files that differ; where large files changed, one between them asks for
/// the sums of their blocks, and only blocks that differ are sent. Files that it no longer has are
/// removed, if nobody changed them on the node; files that were made there are never touched. Each
/// file is the old or the new one at any moment; a broken run is made right by the next. Bytes that
/// do not match the manifest are refused with kMountMissing and the file's name, before anything
/// changes on the node. kFilesFailed if the node cannot take the files. `last` is what the caller
/// believes to have been delivered last: if so, the node's own list does not travel. Repeating it
/// is harmless.
Result<SyncReport> sync_mount(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const Manifest* last = nullptr, const SyncProgress& progress = {});

}  // namespace rayctl
