#pragma once
#include <string>

#include "model/manifest.h"
#include "transport/command_runner.h"

namespace rayctl {

struct SyncReport {
  FileDelta delta;
};

/// Makes `remote` on the node hold what `manifest` says, from `local` here: sends only files that
/// differ from the manifest delivered last (kept on the node under ~/.rayctl/mounts/), removes
/// those that are no longer in it, writes the new manifest last. Bytes that no longer match the
/// manifest are refused with kMountMissing and the file's name. Repeating it is harmless.
Result<SyncReport> sync_mount(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline);

}  // namespace rayctl
