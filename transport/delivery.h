#pragma once
#include <map>
#include <string>
#include <vector>

#include "model/manifest.h"
#include "transport/block_sums.h"
#include "transport/file_sync.h"
#include "transport/node_files.h"

namespace rayctl {

/// What a node must get, lose or change so that a mount is as the manifest says. Points into the
/// manifest and the node's files that it was made from.
struct Delivery {
  using Entry = const ManifestEntry*;

  const Manifest& manifest;
  const NodeFiles& node;
  const MountPlace& place;
  bool only_add = false;     ///< what is no longer in the manifest stays
  bool single = false;       ///< the mount is one file
  std::string root, prefix;  ///< the folder that the node receives in; in it, the only file's name

  std::map<std::string, Entry> before;  ///< what was delivered last, by path
  std::vector<Entry> send, removed, forgotten;
  std::vector<Entry> in_doubt;  ///< of those to send, what a broken delivery left half done
  std::map<std::uint32_t, std::vector<Entry>> modes;  ///< only their modes change
  std::map<Entry, FilePatch> patches;  ///< of those to send, what only some blocks are sent of
  SyncReport report;

  /// Nothing has to travel.
  bool idle() const;
  /// The path of an entry, relative to `root`.
  std::string inside(const std::string& path) const;
  /// The manifest's entry of that path; null if it has none.
  Entry wanted(const std::string& path) const;
  std::uint64_t bytes_to_send() const;
};

/// Pure. No patches yet.
Delivery decide_delivery(const Manifest& manifest, const NodeFiles& node, const MountPlace& place,
                         bool only_add);

}  // namespace rayctl
