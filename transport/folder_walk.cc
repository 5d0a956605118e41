#include "transport/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/files.h"
#include "transport/ignore.h"

namespace rayctl {
namespace {

FileStamp stamp_of(const struct stat& info) {
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
}

void fill(const struct stat& info, FileStat& out) {
  out = {stamp_of(info), info.st_mode & 0777U, S_ISDIR(info.st_mode), S_ISREG(info.st_mode)};
}

// The rules that hold in a folder: its own, then those of the folders above.
struct Scope {
  IgnoreRules rules;
  std::size_t base = 0;  // length of the folder's path with its slash
  std::shared_ptr<const Scope> above;
};
using ScopePtr = std::shared_ptr<const Scope>;

bool left_out(const Scope* scope, const std::string& path, bool is_folder) {
  for (; scope != nullptr; scope = scope->above.get()) {
    const auto verdict = scope->rules.match(std::string_view(path).substr(scope->base), is_folder);
    if (verdict != IgnoreRules::Verdict::kNone) return verdict == IgnoreRules::Verdict::kIgnore;
  }
  return false;
}

bool is_bytecode(std::string_view name, bool is_folder) {
  return is_folder ? name == "__pycache__" : name.ends_with(".pyc");
}

class Walk {
 public:
  Walk(const std::string& root, const ManifestOptions& options)
      : root_(root), options_(options), exclude_(IgnoreRules::rsync(options.exclude)) {
    waiting_.push_back({"", nullptr});
  }

  Result<std::vector<FoundFile>> run() {
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < thread_count(options_.threads); ++i)
      threads.emplace_back([this] { work(); });
    work();
    for (std::thread& thread : threads)
      thread.join();
    if (failure_) return *failure_;
    return std::move(found_);
  }

 private:
  struct Folder {
    std::string path;  // relative, with a trailing slash unless it is the root
    ScopePtr scope;
  };

  void work() {
    std::vector<FoundFile> found;
    std::vector<Folder> inner;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return !waiting_.empty() || busy_ == 0 || failure_; });
      if (failure_ || waiting_.empty()) break;
      const Folder folder = std::move(waiting_.back());
      waiting_.pop_back();
      ++busy_;
      lock.unlock();
      inner.clear();
      std::optional<Error> failure = read(folder, found, inner);
      lock.lock();
      --busy_;
      if (failure) failure_ = std::move(failure);
      std::move(inner.begin(), inner.end(), std::back_inserter(waiting_));
      changed_.notify_all();
    }
    std::move(found.begin(), found.end(), std::back_inserter(found_));
  }

  ScopePtr scope_of(const Folder& folder, const std::vector<std::string>& names) const {
    ScopePtr scope = folder.scope;
    for (const std::string& filter : options_.filter) {
      if (std::find(names.begin(), names.end(), filter) == names.end()) continue;
      const Result<std::string> text = read_file(root_ + "/" + folder.path + filter);
      if (!text) continue;
      IgnoreRules rules = IgnoreRules::gitignore(*text);
      if (!rules.empty()) {
        scope = std::make_shared<Scope>(Scope{std::move(rules), folder.path.size(), scope});
      }
    }
    return scope;
  }

  std::optional<Error> read(const Folder& folder, std::vector<FoundFile>& found,
                            std::vector<Folder>& inner) const {
    const std::string path = root_ + "/" + folder.path;
    const auto failed = [&](const std::string& what) {
      return permanent(ErrorCode::kMountMissing,
                       "cannot read " + what + ": " + std::strerror(errno));
    };
    const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(path.c_str()), ::closedir);
    if (!handle) return errno == ENOENT ? std::nullopt : std::optional(failed(path));
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(handle.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const ScopePtr scope = scope_of(folder, names);
    const int fd = ::dirfd(handle.get());
    for (const std::string& name : names) {
      struct stat info = {};
      if (::fstatat(fd, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) continue;
        return failed(path + name);
      }
      const bool is_folder = S_ISDIR(info.st_mode), link = S_ISLNK(info.st_mode);
      std::string relative = folder.path + name;
      if (!is_folder && !link && !S_ISREG(info.st_mode)) continue;
      if (!options_.keep_bytecode && is_bytecode(name, is_folder)) continue;
      if (exclude_.match(relative, is_folder) == IgnoreRules::Verdict::kIgnore) continue;
      if (left_out(scope.get(), relative, is_folder)) continue;
      if (is_folder) {
        inner.push_back({relative + "/", scope});
        found.push_back({std::move(relative), (info.st_mode & 0777U) | S_IRWXU, stamp_of(info),
                         ManifestEntry::Kind::kFolder, ""});
        continue;
      }
      FoundFile file{std::move(relative), info.st_mode & 0777U, stamp_of(info),
                     link ? ManifestEntry::Kind::kLink : ManifestEntry::Kind::kFile, ""};
      if (link) {
        file.target.resize(static_cast<std::size_t>(std::max<off_t>(info.st_size, 4095)) + 1);
        const ssize_t size = ::readlinkat(fd, name.c_str(), file.target.data(), file.target.size());
        if (size < 0) continue;
        file.target.resize(static_cast<std::size_t>(size));
      }
      found.push_back(std::move(file));
    }
    return std::nullopt;
  }

  const std::string& root_;
  const ManifestOptions& options_;
  const IgnoreRules exclude_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Folder> waiting_;
  std::vector<FoundFile> found_;
  std::optional<Error> failure_;
  int busy_ = 0;
};

}  // namespace

Result<std::vector<FoundFile>> walk_folder(const std::string& root,
                                           const ManifestOptions& options) {
  return Walk(root, options).run();
}

bool stat_file(const std::string& path, FileStat& info) {
  struct stat raw = {};
  if (::stat(path.c_str(), &raw) != 0) return false;
  fill(raw, info);
  return true;
}

bool stat_open_file(int fd, FileStat& info) {
  struct stat raw = {};
  if (::fstat(fd, &raw) != 0) return false;
  fill(raw, info);
  return true;
}

unsigned thread_count(int wanted) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return wanted > 0 ? static_cast<unsigned>(wanted) : cores;
}

}  // namespace rayctl
