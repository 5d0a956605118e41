#pragma once
#include <deque>
#include <optional>
#include <string>

#include "base/digest.h"
#include "model/manifest.h"
#include "transport/block_sums.h"
#include "transport/child_process.h"
#include "transport/command_runner.h"

namespace rayctl {

/// A tar archive of files from here and of texts, made while it is read, in bounded memory. A file
/// is compared with its entry of the manifest while it passes: the archive breaks off at the first
/// one that has other bytes, so its last member is only there if all was right.
class TarSource final : public ByteSource {
 public:
  /// `local` is the folder that the entries' paths are in; or the file itself, whose path is "".
  /// The sums of a large file's blocks follow it in the archive, in the folder `sums`, under its
  /// digest.
  TarSource(std::string local, std::string sums)
      : local_(std::move(local)), sums_(std::move(sums)) {}
  /// Members, in order. `name` is what it is called in the archive.
  void add_text(const std::string& name, std::string text);
  void add_entry(const std::string& name, const ManifestEntry& entry);
  /// A file with only those blocks of the entry's file, which has its time.
  void add_patch(const std::string& name, const ManifestEntry& entry, FilePatch patch);

  std::size_t read(char* buffer, std::size_t size) override;
  /// Why it broke off: kMountMissing, with the name of the file.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  struct Member {
    std::string name, text;
    std::optional<ManifestEntry> entry;
    std::optional<FilePatch> patch;
  };
  bool next();
  bool begin(const Member& member);
  bool begin_file(const Member& member, const std::string& path);
  std::size_t read_file_part(char* buffer, std::size_t size);
  bool close_file();
  bool fail(const std::string& path, const char* how);

  const std::string local_, sums_;
  std::deque<Member> members_;
  std::string head_;  ///< bytes to give before the open file's
  std::size_t head_done_ = 0;
  Fd file_;
  std::string file_path_, wanted_;
  std::uint64_t file_size_ = 0, file_left_ = 0;
  Sha256 sum_;
  std::optional<FilePatch> patch_;  ///< the open file gives these blocks
  BlockSums blocks_;
  bool ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace rayctl
