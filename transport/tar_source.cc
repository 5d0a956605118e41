#include "transport/tar_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "transport/tar_format.h"

namespace rayctl {

void TarSource::add_text(const std::string& name, std::string text) {
  members_.push_back({name, std::move(text), std::nullopt, std::nullopt});
}

void TarSource::add_entry(const std::string& name, const ManifestEntry& entry) {
  members_.push_back({name, "", entry, std::nullopt});
}

void TarSource::add_patch(const std::string& name, const ManifestEntry& entry, FilePatch patch) {
  members_.push_back({name, "", entry, std::move(patch)});
}

bool TarSource::fail(const std::string& path, const char* how) {
  if (!failure_) {
    failure_ = permanent(ErrorCode::kMountMissing,
                         path + " " + how + " since the plan was made; plan again");
  }
  ended_ = true;
  file_.reset();
  return false;
}

bool TarSource::begin_file(const Member& member, const std::string& path) {
  file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!file_ || ::fstat(file_.get(), &info) != 0) return fail(path, "cannot be read");
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != member.entry->size) {
    return fail(path, "changed");
  }
  file_path_ = path;
  wanted_ = member.entry->content;
  patch_ = member.patch;
  file_size_ = file_left_ = patch_ ? patch_->size : member.entry->size;
  head_ = tar_header({.name = member.name,
                      .mode = patch_ ? 0600 : member.entry->mode,
                      .size = file_size_,
                      .mtime = info.st_mtim.tv_sec});
  return file_left_ > 0 || close_file();
}

bool TarSource::begin(const Member& member) {
  if (!member.entry) {
    head_ = tar_header({.name = member.name,
                        .mode = 0600,
                        .size = member.text.size(),
                        .mtime = std::time(nullptr)}) +
            member.text;
    head_.append(tar_padding(member.text.size()), '\0');
    return true;
  }
  const ManifestEntry& entry = *member.entry;
  const std::string path = entry.path.empty() ? local_ : local_ + "/" + entry.path;
  if (entry.kind == ManifestEntry::Kind::kFile) return begin_file(member, path);
  TarMember head{.name = member.name, .mode = entry.mode, .mtime = std::time(nullptr)};
  head.kind = TarMember::Kind::kFolder;
  if (entry.kind == ManifestEntry::Kind::kLink) {
    std::error_code failed;
    head.kind = TarMember::Kind::kLink;
    head.link_target = std::filesystem::read_symlink(path, failed).string();
    if (failed || sha256_hex(head.link_target) != entry.content) return fail(path, "changed");
  }
  head_ = tar_header(head);
  return true;
}

bool TarSource::next() {
  head_done_ = 0;
  head_.clear();
  if (members_.empty()) {
    head_ = tar_end();
    ended_ = true;
    return true;
  }
  const Member member = std::move(members_.front());
  members_.pop_front();
  return begin(member);
}

bool TarSource::close_file() {
  std::string sums = blocks_.finish();
  const bool same = patch_ ? sums == sums_of_blocks(*patch_) : sum_.finish() == wanted_;
  file_.reset();
  if (patch_) sums = std::move(patch_->sums);
  if (same && !sums.empty()) {
    members_.push_front({sums_ + "/" + wanted_, std::move(sums), std::nullopt, std::nullopt});
  }
  if (!same) return fail(file_path_, "changed");
  if (file_size_ > 0) {
    head_done_ = 0;
    head_.assign(tar_padding(file_size_), '\0');
  }
  return true;
}

std::size_t TarSource::read_file_part(char* buffer, std::size_t size) {
  std::size_t part = std::min<std::uint64_t>(size, file_left_);
  std::uint64_t at = 0;
  if (patch_) {
    const std::uint64_t done = file_size_ - file_left_, within = done % kSumBlock;
    at = patch_->blocks[done / kSumBlock] * kSumBlock + within;
    part = std::min<std::uint64_t>(part, kSumBlock - within);
  }
  ssize_t got = 0;
  do {
    got = patch_ ? ::pread(file_.get(), buffer, part, static_cast<off_t>(at))
                 : ::read(file_.get(), buffer, part);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    fail(file_path_, got < 0 ? "cannot be read" : "changed");
    return 0;
  }
  if (!patch_) sum_.add(buffer, static_cast<std::size_t>(got));
  if (patch_ || file_size_ >= kLargeFile) blocks_.add(buffer, static_cast<std::size_t>(got));
  file_left_ -= static_cast<std::uint64_t>(got);
  if (file_left_ == 0 && !close_file()) return 0;
  return static_cast<std::size_t>(got);
}

std::size_t TarSource::read(char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size && !failure_) {
    if (head_done_ < head_.size()) {
      const std::size_t part = std::min(size - done, head_.size() - head_done_);
      std::memcpy(buffer + done, head_.data() + head_done_, part);
      head_done_ += part;
      done += part;
    } else if (file_) {
      done += read_file_part(buffer + done, size - done);
    } else if (ended_ || !next()) {
      break;
    }
  }
  return failure_ ? 0 : done;
}

}  // namespace rayctl
