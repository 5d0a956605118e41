#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "model/desired.h"
#include "model/manifest.h"
#include "model/snapshot.h"

namespace rayctl {

/// The manifests of what was sent to nodes, one file per digest in `folder`, so that a plan can say
/// what a change sends. Nothing rests on them: without them a plan lacks those counts. Any thread.
class SentManifests {
 public:
  explicit SentManifests(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Nothing if it is not known or not whole.
  std::optional<Manifest> find(const Digest& digest) const;
  /// What cannot be written is not kept.
  void keep(const Digest& digest, const Manifest& manifest);
  /// Removes those that no node of `snapshot` has.
  void drop_unused(const Snapshot& snapshot);

 private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::set<Digest> kept_;  ///< by this process
};

/// Desired::sends for every node of `snapshot` and for one without files; `now` gives the manifests
/// of the mounts as they are here.
std::map<std::pair<Digest, Digest>, std::vector<MountChange>> mount_changes(
    const Desired& desired, const Snapshot& snapshot, const std::map<Digest, Manifest>& now,
    const SentManifests& sent);

}  // namespace rayctl
