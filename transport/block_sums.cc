#include "transport/block_sums.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "transport/child_process.h"

namespace rayctl {
namespace {

constexpr std::size_t kSumText = 32;            // hex digits of a sum
constexpr std::size_t kSumLine = kSumText + 1;  // with its newline

std::string_view line(const std::string& sums, std::uint64_t block) {
  const std::size_t at = block * kSumLine;
  return at < sums.size() ? std::string_view(sums).substr(at, kSumLine) : std::string_view();
}

}  // namespace

void BlockSums::end_block() {
  lines_ += sum_.finish().substr(0, kSumText) + '\n';
  filled_ = 0;
}

void BlockSums::add(const char* bytes, std::size_t size) {
  while (size > 0) {
    const std::size_t part = std::min(size, kSumBlock - filled_);
    sum_.add(bytes, part);
    filled_ += part;
    bytes += part;
    size -= part;
    if (filled_ == kSumBlock) end_block();
  }
}

std::string BlockSums::finish() {
  if (filled_ > 0) end_block();
  return std::exchange(lines_, {});
}

std::optional<FilePatch> patch_of(const std::string& path, const ManifestEntry& entry,
                                  const std::string& old_sums) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return std::nullopt;
  Sha256 whole;
  BlockSums sums;
  std::string buffer(kSumBlock, '\0');
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    whole.add(buffer.data(), static_cast<std::size_t>(got));
    sums.add(buffer.data(), static_cast<std::size_t>(got));
  }
  if (whole.finish() != entry.content) return std::nullopt;
  FilePatch patch{.sums = sums.finish()};
  const std::uint64_t blocks = patch.sums.size() / kSumLine;
  for (std::uint64_t block = 0; block < blocks; ++block) {
    if (line(patch.sums, block) == line(old_sums, block)) continue;
    patch.blocks.push_back(block);
    patch.size += std::min<std::uint64_t>(kSumBlock, entry.size - block * kSumBlock);
  }
  if (patch.size > entry.size / 2) return std::nullopt;
  return patch;
}

std::string sums_of_blocks(const FilePatch& patch) {
  std::string lines;
  for (const std::uint64_t block : patch.blocks)
    lines += line(patch.sums, block);
  return lines;
}

}  // namespace rayctl
