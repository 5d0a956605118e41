#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "model/names.h"

namespace rayctl {

/// One file or symbolic link of a file mount.
struct ManifestEntry {
  std::string path;        ///< relative to the mount's source; "" when the source is a file
  std::uint32_t mode = 0;  ///< permission bits
  std::uint64_t size = 0;  ///< bytes
  std::string content;     ///< SHA-256 hex of the bytes; of the target for a symbolic link
  bool link = false;
  bool operator==(const ManifestEntry&) const = default;
};

/// What a file mount holds, sorted by path. Times and owners are left out on purpose: they
/// differ between machines and disturb nobody.
struct Manifest {
  std::vector<ManifestEntry> entries;
  bool operator==(const Manifest&) const = default;
};

/// Equal contents give equal digests on every machine.
Digest manifest_digest(const Manifest& manifest);

/// The change between two manifests, as the plan prints it.
struct FileDelta {
  std::uint64_t added = 0, changed = 0, removed = 0;
  std::uint64_t bytes = 0;  ///< to send
  bool operator==(const FileDelta&) const = default;
};
FileDelta manifest_delta(const Manifest& from, const Manifest& to);

}  // namespace rayctl
