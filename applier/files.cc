#include <utility>

#include "applier/actions.h"
#include "applier/retry.h"
#include "applier/timing.h"
#include "base/pace.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr Millis kProgressPace{1'000};

// Says what begins, and then now and then how far it is.
SyncProgress tell(Run& run, const Step& step, const NodeName& node, const std::string& doing) {
  const Time begun = run.world.clock.now();
  run.talk.progress(step, node, doing);
  return [&run, &step, node, doing, pace = Pace(kProgressPace, begun)](std::uint64_t sent,
                                                                       std::uint64_t all) mutable {
    if (!pace.due(run.world.clock.now())) return;
    run.talk.progress(step, node, doing + ", " + format_bytes(sent) + " of " + format_bytes(all));
  };
}

// What somebody must know who has changed delivered files on the node; "" if nobody has.
std::string made_right(const std::string& remote, const SyncReport& report) {
  std::string text;
  if (report.overwritten > 0) {
    text += remote + ": " + plural(report.overwritten, "file") +
            " that had changed on the node was written anew\n";
  }
  if (report.kept > 0) {
    text += remote + ": " + plural(report.kept, "file") +
            " that had changed on the node is no longer in the mount and was left there\n";
  }
  return text;
}

Result<NodeAtWork> reach_head(Run& run, const Step& step) {
  const Result<NodeName> name = head_name(run);
  if (!name) return name.error();
  return reach(run, step, *name);
}

}  // namespace

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
    const SyncProgress progress = tell(run, step, action.node, "sending " + mount.remote);
    Result<SyncReport> sent = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.ops.sync(*node->runner, mount, *manifest,
                                run.world.clock.now() + kSyncTimeout, progress);
    });
    if (!sent) return in_context(sent.error(), "sending the file mount " + mount.remote);
    if (const std::string news = made_right(mount.remote, *sent); !news.empty()) {
      run.talk.output(action.node, "files", news);
    }
  }
  NodeRecord record = node->record;
  record.applied.files = action.files;
  return settled(run, *node, std::move(record));
}

Result<Effect> act(Run& run, const Step& step, const SyncFromHead& action, const OpToken&) {
  Result<NodeAtWork> node = reach(run, step, action.node);
  if (!node) return node.error();
  Result<const NodeSpec*> spec = spec_of(run, node->record.type);
  if (!spec) return spec.error();
  Result<NodeAtWork> head = reach_head(run, step);
  if (!head) return head.error();
  for (const std::string& path : (*spec)->synced_files) {
    const SyncProgress progress =
        tell(run, step, action.node, "sending " + path + " from " + head->name.text);
    Result<std::optional<SyncReport>> sent = retrying(run.world, Repeat::kHarmless, [&] {
      return run.world.ops.relay(run.relay, *head->runner, *node->runner, path,
                                 run.world.clock.now() + kSyncTimeout, progress);
    });
    if (!sent) return in_context(sent.error(), "sending " + path + " of cluster_synced_files");
    if (!*sent) {
      run.talk.output(action.node, "files", path + " is not on the head; nothing was sent\n");
    } else if (const std::string news = made_right(path, **sent); !news.empty()) {
      run.talk.output(action.node, "files", news);
    }
  }
  NodeRecord record = node->record;
  record.applied.synced = action.synced;
  return settled(run, *node, std::move(record));
}

}  // namespace rayctl
