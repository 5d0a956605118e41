#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "model/manifest.h"

namespace rayctl {

/// The blocks by which large files are compared, in bytes.
inline constexpr std::size_t kSumBlock = 1U << 17;
/// Files from this size on are large, in bytes.
inline constexpr std::uint64_t kLargeFile = 1U << 20;

/// The sums of a file's blocks, as text: 128 bits of SHA-256 in hex, a line for each block. Made
/// while the file passes.
class BlockSums {
 public:
  void add(const char* bytes, std::size_t size);
  /// Of all that was added; the object can then be used for another file.
  std::string finish();

 private:
  void end_block();
  Sha256 sum_;
  std::size_t filled_ = 0;
  std::string lines_;
};

/// What must be sent of a file so that an older one becomes it: the blocks that differ.
struct FilePatch {
  std::vector<std::uint64_t> blocks;  ///< their numbers, rising; the last may be short
  std::uint64_t size = 0;             ///< of those blocks, in bytes
  std::string sums;                   ///< of the whole file as it is here
};

/// Reads a file and compares its blocks with the sums of an older one. Nothing if more than half
/// differs, if it cannot be read, or if it is not what `entry` says.
std::optional<FilePatch> patch_of(const std::string& path, const ManifestEntry& entry,
                                  const std::string& old_sums);

/// The lines of a patch's blocks among its sums.
std::string sums_of_blocks(const FilePatch& patch);

}  // namespace rayctl
