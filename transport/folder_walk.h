#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/hash_cache.h"
#include "transport/manifest_builder.h"

namespace rayctl {

/// A file, symbolic link or folder that a walk found.
struct FoundFile {
  std::string path;  ///< relative to the walk's root
  std::uint32_t mode = 0;
  FileStamp stamp;
  ManifestEntry::Kind kind = ManifestEntry::Kind::kFile;
  std::string target;  ///< of a link
};

/// Finds everything below `root` that the options leave in, in no order, with several threads: one
/// stat per file, folders read in parallel. What vanishes meanwhile is left out; a folder that
/// cannot be read is kMountMissing.
Result<std::vector<FoundFile>> walk_folder(const std::string& root, const ManifestOptions& options);

/// The stamp of stat's answer.
struct FileStat {
  FileStamp stamp;
  std::uint32_t mode = 0;
  bool folder = false, file = false;
};
/// Follows symbolic links; false (and errno) if it is not there.
bool stat_file(const std::string& path, FileStat& info);
bool stat_open_file(int fd, FileStat& info);

/// How many threads `wanted` means: 0 is as many as there are cores.
unsigned thread_count(int wanted);

}  // namespace rayctl
