#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/process/file_lock.h"
#include "providers/process/node_folder.h"

namespace rayctl::process {

/// The folder that holds the nodes of all clusters: <root>/<cluster>/<node>/. Thread-safe, and
/// safe beside other programs: what is shared between nodes changes under one lock.
class NodeRoot {
 public:
  explicit NodeRoot(std::filesystem::path path) : path_(std::move(path)) {}

  /// The node folders of a cluster, sorted; an error only if there are some and they cannot be
  /// read.
  Result<std::vector<NodeFolder>> folders(const ClusterName& cluster) const;
  /// The folder of a machine, of whatever cluster; nullopt if there is none.
  std::optional<NodeFolder> find(const CloudId& id);

  /// Taken while nodes are looked for by token and made.
  Result<FileLock> lock(Time deadline) const;
  /// Makes a folder with its tags and facts, an address and, for a head, ports of its own; it is
  /// there whole, with its change lock held, or not at all. Needs the lock. `hint` becomes part of
  /// the folder's name; `token` makes it unlike any other.
  struct NewNode {
    ClusterName cluster;
    std::string hint;
    std::string token;
    Tags tags;
    std::map<std::string, std::string> env;
    bool head = false;
  };
  struct Made {
    NodeFolder folder;
    FileLock change;
  };
  Result<Made> make(const NewNode& node) const;
  /// Removes a node's folder and its temporary one, at once as others see it.
  static void discard(const NodeFolder& folder);
  /// Removes only the temporary one.
  static void discard_temp(const NodeFacts& facts);

 private:
  Result<NodeFacts> claim(const std::filesystem::path& folder, bool head) const;

  std::filesystem::path path_;
  std::mutex mutex_;
  std::map<CloudId, std::filesystem::path> found_;  // guarded by mutex_; checked before use
};

/// A name as a folder: letters, digits, "-", "_" and "." stay, the rest becomes %XX.
std::string as_folder(const std::string& name);

}  // namespace rayctl::process
