#include "transport/manifest_builder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "base/digest.h"
#include "transport/child_process.h"
#include "transport/folder_walk.h"

namespace rayctl {
namespace {

constexpr std::int64_t kRecent = 2'000'000'000;  // ns: file systems' clocks may be that coarse

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Error unreadable(const std::string& path) {
  return permanent(ErrorCode::kMountMissing, "cannot read " + path + ": " + std::strerror(errno));
}

struct Hashed {
  std::string digest;
  bool steady = false;  ///< the file did not change while it was read
};

Result<Hashed> hash_file(const std::string& path, const FileStamp& stamp) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return unreadable(path);
  thread_local std::vector<char> buffer(1U << 18);
  Sha256 sum;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path);
    if (got == 0) break;
    sum.add(buffer.data(), static_cast<std::size_t>(got));
  }
  FileStat after;
  return Hashed{sum.finish(), stat_open_file(file.get(), after) && after.stamp == stamp};
}

class Builder {
 public:
  Builder(std::string root, const ManifestOptions& options, HashCache& cache)
      : root_(std::move(root)), options_(options), cache_(cache) {}

  Result<Manifest> run() {
    while (root_.size() > 1 && root_.ends_with('/'))
      root_.pop_back();
    FileStat info;
    if (!stat_file(root_, info) || (!info.folder && !info.file)) {
      return permanent(ErrorCode::kMountMissing,
                       "the source of a file mount is not there: " + root_);
    }
    if (info.folder) {
      Result<std::vector<FoundFile>> found = walk_folder(root_, options_);
      if (!found) return found.error();
      files_ = *std::move(found);
      std::sort(files_.begin(), files_.end(),
                [](const FoundFile& a, const FoundFile& b) { return a.path < b.path; });
    } else {
      files_.push_back({"", info.mode, info.stamp, ManifestEntry::Kind::kFile, ""});
    }
    known_ = cache_.load(root_);
    digests_.resize(files_.size());
    take_known();
    hash_rest();
    if (failure_) return *failure_;
    remember();
    return manifest();
  }

 private:
  std::string full(const FoundFile& file) const {
    return file.path.empty() ? root_ : root_ + "/" + file.path;
  }
  bool recent(const FoundFile& file) const { return file.stamp.ctime_ns > begun_ - kRecent; }

  void take_known() {
    std::unordered_map<std::string_view, const HashedFile*> by_path;
    by_path.reserve(known_.size());
    const std::size_t prefix = root_.size() + 1;
    for (const HashedFile& file : known_) {
      const std::string_view path = file.path;
      by_path.emplace(path.size() < prefix ? std::string_view() : path.substr(prefix), &file);
    }
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const FoundFile& file = files_[i];
      if (file.kind == ManifestEntry::Kind::kFolder) continue;
      if (file.kind == ManifestEntry::Kind::kLink) {
        digests_[i] = {sha256_hex(file.target), false};
        continue;
      }
      const auto seen = by_path.find(file.path);
      if (seen != by_path.end() && seen->second->stamp == file.stamp && !recent(file)) {
        digests_[i] = {seen->second->sha256, true};
        ++reused_;
      } else {
        to_hash_.push_back(i);
      }
    }
  }

  void hash_rest() {
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t at; (at = next++) < to_hash_.size();) {
        const FoundFile& file = files_[to_hash_[at]];
        Result<Hashed> hashed = hash_file(full(file), file.stamp);
        if (hashed) {
          digests_[to_hash_[at]] = *std::move(hashed);
          continue;
        }
        const std::lock_guard guard(mutex_);
        failure_ = hashed.error();
        next = to_hash_.size();
      }
    };
    const std::size_t workers =
        std::min<std::size_t>(thread_count(options_.threads), to_hash_.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers; ++i)
      threads.emplace_back(work);
    work();
    for (std::thread& thread : threads)
      thread.join();
  }

  void remember() {
    std::vector<HashedFile> all;
    bool fresh = reused_ != known_.size();
    for (const std::size_t i : to_hash_)
      fresh = fresh || (digests_[i].steady && !recent(files_[i]));
    if (!fresh) return;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (files_[i].kind != ManifestEntry::Kind::kFile || !digests_[i].steady || recent(files_[i]))
        continue;
      all.push_back({full(files_[i]), files_[i].stamp, digests_[i].digest});
    }
    cache_.store(root_, all);
  }

  Manifest manifest() {
    Manifest manifest;
    manifest.entries.reserve(files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) {
      FoundFile& file = files_[i];
      std::uint64_t size = 0;
      if (file.kind == ManifestEntry::Kind::kFile) size = file.stamp.size;
      if (file.kind == ManifestEntry::Kind::kLink) size = file.target.size();
      // A link has no permissions of its own.
      const std::uint32_t mode = file.kind == ManifestEntry::Kind::kLink ? 0777U : file.mode;
      manifest.entries.push_back(
          {std::move(file.path), mode, size, std::move(digests_[i].digest), file.kind});
    }
    return manifest;
  }

  std::string root_;
  const ManifestOptions& options_;
  HashCache& cache_;
  const std::int64_t begun_ = now_ns();
  std::vector<FoundFile> files_;
  std::vector<HashedFile> known_;
  std::vector<Hashed> digests_;  // of files_
  std::vector<std::size_t> to_hash_;
  std::size_t reused_ = 0;
  std::mutex mutex_;
  std::optional<Error> failure_;
};

class NoCache final : public HashCache {
 public:
  std::vector<HashedFile> load(const std::string&) override { return {}; }
  void store(const std::string&, const std::vector<HashedFile>&) override {}
};

}  // namespace

HashCache& no_hash_cache() {
  static NoCache none;
  return none;
}

Result<Manifest> build_manifest(const std::string& source, const ManifestOptions& options,
                                HashCache& cache) {
  return Builder(std::filesystem::absolute(source).lexically_normal().string(), options, cache)
      .run();
}

}  // namespace rayctl
