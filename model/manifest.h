#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/names.h"

namespace rayctl {

/// One file, symbolic link or folder of a file mount. The mount's own folder is none of them.
struct ManifestEntry {
  enum class Kind { kFile, kLink, kFolder };
  std::string path;        ///< relative to the mount's source; "" when the source is a file
  std::uint32_t mode = 0;  ///< permission bits; 0777 for a link; a folder's owner may always write
  std::uint64_t size = 0;  ///< bytes; 0 for a folder
  std::string content;     ///< SHA-256 hex of the bytes, or of a link's target; "" for a folder
  Kind kind = Kind::kFile;
  bool operator==(const ManifestEntry&) const = default;
};

/// What a file mount holds, sorted by path. Times and owners are left out on purpose: they
/// differ between machines and disturb nobody.
struct Manifest {
  std::vector<ManifestEntry> entries;
  bool operator==(const Manifest&) const = default;
};

/// Equal contents give equal digests on every machine. Rule: what the digest is made of may only
/// change together with the number in manifest.cc; every mount then counts as changed once.
Digest manifest_digest(const Manifest& manifest);

/// The change between two manifests, as the plan prints it: files and links, and folders only where
/// their mode or kind changed.
struct FileDelta {
  std::uint64_t added = 0, changed = 0, removed = 0;
  std::uint64_t bytes = 0;  ///< to send
  bool operator==(const FileDelta&) const = default;
};
FileDelta manifest_delta(const Manifest& from, const Manifest& to);
/// "+12 ~3 -1 files, 3.1 MB": new, changed and removed ones, and what travels.
std::string to_text(const FileDelta& delta);

/// What sending one file mount changes on a node.
struct MountChange {
  std::string mount;  ///< its path on the node
  FileDelta delta;
  bool operator==(const MountChange&) const = default;
};

}  // namespace rayctl
