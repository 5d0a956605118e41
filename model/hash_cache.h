#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rayctl {

/// What stat says of a file: while it is the same, so are the bytes. Includes the change time,
/// which a program cannot set back, and inode and device.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t mtime_ns = 0, ctime_ns = 0;
  bool operator==(const FileStamp&) const = default;
};

struct HashedFile {
  std::string path;  ///< absolute
  FileStamp stamp;
  std::string sha256;
};

/// Remembers the digests of files by their stamps. Losing it costs time, never correctness: every
/// failure reads as an empty cache. Implementations are thread-safe.
class HashCache {
 public:
  virtual ~HashCache() = default;
  /// Everything known below a folder (or of one file), in one read.
  virtual std::vector<HashedFile> load(const std::string& root) = 0;
  /// Replaces what is known below `root`.
  virtual void store(const std::string& root, const std::vector<HashedFile>& files) = 0;
};

}  // namespace rayctl
