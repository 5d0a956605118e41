#include <utility>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"

namespace rayctl {

Result<Effect> act(Run& run, const Step& step, const SyncFiles& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  Result<> tagged = tag_status(run, *node, kStatusSyncingFiles);
  if (!tagged) return tagged.error();

  for (const FileMount& mount : (*spec)->file_mounts) {
    Result<Manifest> manifest = run.world.manifest(mount);
    if (!manifest) return in_context(manifest.error(), "reading the file mount " + mount.remote);
    if (manifest_digest(*manifest) != mount.manifest) {
      return permanent(ErrorCode::kMountMissing, "file mount " + mount.remote + " (" + mount.local +
                                                     ") has changed since the plan was made");
    }
    run.talk.progress(step, action.node, "sending " + mount.remote);
    Result<SyncReport> sent = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.ops.sync(*node->runner, mount, *manifest,
                                run.world.clock.now() + kSyncTimeout);
    });
    if (!sent) return in_context(sent.error(), "sending the file mount " + mount.remote);
  }
  NodeRecord record = node->record;
  record.applied.files = action.files;
  return settled(run, *node, std::move(record));
}

Result<Effect> act(Run& run, const Step& step, const PrepareContainer& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  if (!(*spec)->docker.empty()) {
    return permanent(ErrorCode::kNotSupported, "provider " + node->record.provider.text +
                                                   " cannot run nodes in a container yet");
  }
  NodeRecord record = node->record;
  record.applied.docker = action.docker;
  record.applied.files = record.applied.setup = {};  // a new container holds nothing yet
  return settled(run, *node, std::move(record));
}

Result<Effect> act(Run& run, const Step& step, const SyncFromHead& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  if (!(*spec)->synced_files.empty()) {
    return permanent(ErrorCode::kNotSupported, "provider " + node->record.provider.text +
                                                   " cannot send cluster_synced_files yet");
  }
  NodeRecord record = node->record;
  record.applied.synced = action.synced;
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
