#include "transport/file_sync.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "transport/delivered.h"

namespace rayctl {
namespace {

constexpr std::uint64_t kWhole = 8U << 20;  // files up to this size are sent from memory

// Names come on standard input, NUL between them, so that their number has no limit; folders that
// became empty go as well, the deepest first.
constexpr char kRemove[] = R"sh(
cd -- "$1" 2>/dev/null || exit 0
xargs -0 rm -f -- || exit 1
)sh";
constexpr char kRemoveFolders[] = R"sh(
cd -- "$1" 2>/dev/null || exit 0
xargs -0 rmdir -- 2>/dev/null
exit 0
)sh";
// Pairs of path and target, one after the other.
constexpr char kLink[] = R"sh(
mkdir -p -- "$1" && cd -- "$1" || exit 1
shift
while [ $# -ge 2 ]; do
  case $1 in */*) mkdir -p -- "${1%/*}" || exit 1 ;; esac
  rm -f -- "$1" && ln -s -- "$2" "$1" || exit 1
  shift 2
done
)sh";

// The mount's own place, when it was a folder and becomes a file or the other way round.
constexpr char kClear[] = R"sh(
if [ -d "$1" ] && [ ! -L "$1" ]; then exec rmdir -- "$1"; fi
exec rm -f -- "$1"
)sh";
constexpr char kMakeFolder[] = R"sh(exec mkdir -p -- "$1")sh";

// A folder on the node, for a script that must not rely on "~".
std::string for_script(const std::string& remote) {
  if (remote == "~") return ".";
  return remote.starts_with("~/") ? remote.substr(2) : remote;
}

class Sync {
 public:
  Sync(CommandRunner& runner, std::string local, std::string remote, const Manifest& manifest,
       Time deadline)
      : runner_(runner),
        local_(std::move(local)),
        remote_(std::move(remote)),
        manifest_(manifest),
        deadline_(deadline) {
    while (remote_.size() > 1 && remote_.ends_with('/'))
      remote_.pop_back();
    record_ = "~/.rayctl/mounts/" + sha256_hex(remote_).substr(0, 20);
  }

  Result<SyncReport> run() {
    Result<Manifest> before = delivered();
    if (!before) return before.error();
    for (const ManifestEntry& entry : before->entries)
      old_[entry.path] = &entry;
    SyncReport report{manifest_delta(*before, manifest_)};
    std::vector<const ManifestEntry*> changed;
    for (const ManifestEntry& entry : manifest_.entries) {
      const auto known = old_.find(entry.path);
      if (known == old_.end() || *known->second != entry) changed.push_back(&entry);
    }
    const std::vector<std::string> removed = gone();
    const bool other_kind = !old_.empty() && !manifest_.entries.empty() &&
                            old_.contains("") != manifest_.entries.front().path.empty();
    if (manifest_.entries.empty()) {
      if (Result<> made = command(kMakeFolder, {}, ""); !made) return made.error();
    }
    if (changed.empty() && removed.empty()) return report;
    Result<> done = note(intent(*before, changed));
    if (done) done = remove(removed);
    if (done && other_kind) done = command(kClear, {}, "");
    for (auto entry = changed.begin(); done && entry != changed.end(); ++entry) {
      if (!(*entry)->link) done = send(**entry);
    }
    if (done) done = link(changed);
    if (done) done = note(manifest_);
    return in_order(done, report);
  }

 private:
  static Result<SyncReport> in_order(const Result<>& done, const SyncReport& report) {
    if (!done) return done.error();
    return report;
  }
  std::string there(const ManifestEntry& entry) const {
    return entry.path.empty() ? remote_ : remote_ + "/" + entry.path;
  }
  std::string here(const ManifestEntry& entry) const {
    return entry.path.empty() ? local_ : local_ + "/" + entry.path;
  }
  Result<> note(const Manifest& manifest) {
    return runner_.put(format_delivered(manifest), record_, 0600, deadline_);
  }

  // What the node was last given; nothing if that is not known.
  Result<Manifest> delivered() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rayctl-delivered-XXXXXX").string();
    const int fd = ::mkstemp(pattern.data());
    if (fd < 0) return permanent(ErrorCode::kIo, "cannot make a temporary file");
    ::close(fd);
    const Result<> fetched = runner_.download(record_, pattern, deadline_);
    const Result<std::string> text = read_file(pattern);
    ::unlink(pattern.c_str());
    if (!fetched && fetched.error().fault != Fault::kPermanent) return fetched.error();
    return fetched && text ? parse_delivered(*text) : Manifest{};
  }

  // Written before the first change: a run that is cut leaves nothing on the node that the next
  // one does not know about, and nothing that it takes for right.
  static Manifest intent(const Manifest& before, const std::vector<const ManifestEntry*>& changed) {
    std::map<std::string, ManifestEntry> all;
    for (const ManifestEntry& entry : before.entries)
      all[entry.path] = entry;
    for (const ManifestEntry* entry : changed) {
      all[entry->path] = *entry;
      all[entry->path].content = "?";
    }
    Manifest merged;
    for (auto& [path, entry] : all)
      merged.entries.push_back(std::move(entry));
    return merged;
  }

  std::vector<std::string> gone() const {
    std::set<std::string> wanted;
    for (const ManifestEntry& entry : manifest_.entries)
      wanted.insert(entry.path);
    std::vector<std::string> removed;
    for (const auto& [path, entry] : old_) {
      if (!path.empty() && !wanted.contains(path)) removed.push_back(path);
    }
    return removed;
  }

  Result<> command(const char* script, std::vector<std::string> arguments, std::string input) {
    Command command{{"sh", "-c", script, "rayctl-sync", for_script(remote_)}, {}, std::move(input)};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    Result<CommandOutput> ran = runner_.run(command, deadline_);
    if (!ran) return ran.error();
    if (ran->exit_code == 0) return {};
    Error error =
        permanent(ErrorCode::kFilesFailed, "files of " + remote_ + " could not be changed");
    error.context = last_lines(ran->err, 5);
    return error;
  }

  Result<> remove(const std::vector<std::string>& paths) {
    if (paths.empty()) return {};
    std::string names, folder_names;
    std::set<std::string, std::greater<>> folders;  // a folder sorts before those above it
    for (const std::string& path : paths) {
      names += "./" + path + '\0';
      for (std::size_t at = path.rfind('/'); at != std::string::npos && at > 0;
           at = path.rfind('/', at - 1)) {
        folders.insert(path.substr(0, at));
      }
    }
    Result<> done = command(kRemove, {}, std::move(names));
    if (!done || folders.empty()) return done;
    for (const std::string& folder : folders)
      folder_names += "./" + folder + '\0';
    return command(kRemoveFolders, {}, std::move(folder_names));
  }

  Result<> send(const ManifestEntry& entry) {
    const std::string path = here(entry);
    const auto changed = [&](const char* how) {
      return permanent(ErrorCode::kMountMissing,
                       path + how + " since the plan was made; plan again");
    };
    if (entry.size <= kWhole) {
      const Result<std::string> bytes = read_file(path, kWhole);
      if (!bytes) return changed(" cannot be read or grew");
      if (sha256_hex(*bytes) != entry.content) return changed(" changed");
      return runner_.put(*bytes, there(entry), entry.mode, deadline_);
    }
    // Too large for memory: what arrived is what was read, but the record is only written once the
    // file is still the same afterwards.
    for (const bool again : {false, true}) {
      Result<std::string> digest = digest_of(path);
      if (!digest) return changed(" cannot be read");
      if (*digest != entry.content) return changed(" changed");
      if (again) break;
      Result<> sent = runner_.upload(path, there(entry), entry.mode, deadline_);
      if (!sent) return sent;
    }
    return {};
  }

  static Result<std::string> digest_of(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               std::fclose);
    if (!file) return permanent(ErrorCode::kMountMissing, path);
    Sha256 sum;
    std::vector<char> buffer(1U << 18);
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
      sum.add(buffer.data(), got);
    if (std::ferror(file.get()) != 0) return permanent(ErrorCode::kMountMissing, path);
    return sum.finish();
  }

  Result<> link(const std::vector<const ManifestEntry*>& changed) {
    constexpr std::size_t kBatch = 200;
    std::vector<std::string> pairs;
    const auto flush = [&]() -> Result<> {
      if (pairs.empty()) return {};
      return command(kLink, std::exchange(pairs, {}), "");
    };
    for (const ManifestEntry* entry : changed) {
      if (!entry->link) continue;
      std::error_code failed;
      const std::string target = std::filesystem::read_symlink(here(*entry), failed).string();
      if (failed || sha256_hex(target) != entry->content) {
        return permanent(ErrorCode::kMountMissing,
                         here(*entry) + " changed since the plan was made; plan again");
      }
      pairs.push_back(entry->path);
      pairs.push_back(target);
      if (pairs.size() < 2 * kBatch) continue;
      if (Result<> done = flush(); !done) return done;
    }
    return flush();
  }

  CommandRunner& runner_;
  const std::string local_;
  std::string remote_, record_;
  const Manifest& manifest_;
  const Time deadline_;
  std::map<std::string, const ManifestEntry*> old_;
};

}  // namespace

Result<SyncReport> sync_mount(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline) {
  return Sync(runner, local, remote, manifest, deadline).run();
}

}  // namespace rayctl
