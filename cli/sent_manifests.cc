#include "cli/sent_manifests.h"

#include "base/files.h"
#include "config/digests.h"
#include "transport/delivered.h"

namespace rayctl {
namespace {

using Sends = std::map<std::pair<Digest, Digest>, std::vector<MountChange>>;

/// The manifest digests by field of what a node has; nullptr if it is not known.
const FieldDigests* mounts_of(const Snapshot& snapshot, const Digest& files) {
  static const FieldDigests kNone;
  if (files.empty()) return &kNone;
  const auto found = snapshot.breakdown.find(files);
  return found == snapshot.breakdown.end() ? nullptr : &found->second;
}

class Comparer {
 public:
  Comparer(const std::map<Digest, Manifest>& now, const SentManifests& sent)
      : now_(now), sent_(sent) {}

  std::vector<MountChange> changes(const FieldDigests& has, const NodeSpec& want) {
    std::vector<MountChange> changes;
    for (const FileMount& mount : want.file_mounts) {
      const auto before = has.find(mount_field(mount.remote));
      const Digest old = before == has.end() ? Digest{} : before->second;
      if (old == mount.manifest) continue;
      if (const FileDelta* delta = between(old, mount.manifest)) {
        changes.push_back({mount.remote, *delta});
      }
    }
    return changes;
  }

 private:
  const FileDelta* between(const Digest& before, const Digest& after) {
    const auto [entry, is_new] = deltas_.try_emplace({before, after});
    std::optional<FileDelta>& delta = entry->second;
    const auto to = now_.find(after);
    if (is_new && to != now_.end()) {
      const std::optional<Manifest> from = before.empty() ? Manifest{} : sent_.find(before);
      if (from) delta = manifest_delta(*from, to->second);
    }
    return delta ? &*delta : nullptr;
  }

  const std::map<Digest, Manifest>& now_;
  const SentManifests& sent_;
  std::map<std::pair<Digest, Digest>, std::optional<FileDelta>> deltas_;
};

}  // namespace

std::optional<Manifest> SentManifests::find(const Digest& digest) const {
  Result<std::string> text = read_file(folder_ / digest.text);
  if (!text) return std::nullopt;
  Delivered delivered = parse_delivered(*text);
  if (manifest_digest(delivered.manifest) != digest) return std::nullopt;
  return std::move(delivered.manifest);
}

void SentManifests::keep(const Digest& digest, const Manifest& manifest) {
  const std::lock_guard guard(mutex_);
  if (!kept_.insert(digest).second) return;
  std::error_code ignored;
  if (std::filesystem::exists(folder_ / digest.text, ignored)) return;
  std::string text = delivered_header();
  for (const ManifestEntry& entry : manifest.entries)
    text += delivered_entry(entry);
  if (make_directories(folder_)) (void)write_file_atomic(folder_ / digest.text, text, 0600);
}

void SentManifests::drop_unused(const Snapshot& snapshot) {
  std::set<std::string> used;
  for (const auto& [name, record] : snapshot.nodes) {
    if (const FieldDigests* mounts = mounts_of(snapshot, record.applied.files)) {
      for (const auto& [field, digest] : *mounts)
        used.insert(digest.text);
    }
  }
  std::error_code ignored;
  std::vector<std::filesystem::path> unused;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (!used.contains(entry.path().filename())) unused.push_back(entry.path());
  }
  for (const std::filesystem::path& path : unused)
    std::filesystem::remove(path, ignored);
}

Sends mount_changes(const Desired& desired, const Snapshot& snapshot,
                    const std::map<Digest, Manifest>& now, const SentManifests& sent) {
  Sends sends;
  Comparer comparer(now, sent);
  const auto add = [&](const Digest& has, const NodeSpec& want) {
    const auto [entry, is_new] = sends.try_emplace({has, want.digests.files});
    if (!is_new) return;
    if (const FieldDigests* mounts = mounts_of(snapshot, has)) {
      entry->second = comparer.changes(*mounts, want);
    }
  };
  for (const auto& [type, spec] : desired.specs) {
    if (!spec.digests.files.empty()) add({}, spec);
  }
  for (const auto& [name, record] : snapshot.nodes) {
    const auto spec = desired.specs.find(record.type);
    if (spec != desired.specs.end() && record.applied.files != spec->second.digests.files) {
      add(record.applied.files, spec->second);
    }
  }
  std::erase_if(sends, [](const auto& each) { return each.second.empty(); });
  return sends;
}

}  // namespace rayctl
