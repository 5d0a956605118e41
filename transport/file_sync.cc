#include "transport/file_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "transport/byte_sources.h"
#include "transport/file_copy.h"
#include "transport/node_files.h"
#include "transport/sync_scripts.h"
#include "transport/tar_source.h"

namespace rayctl {
namespace {

using Kind = ManifestEntry::Kind;

constexpr std::size_t kFew = 16;                 // files that are flushed one by one
constexpr std::uint64_t kSurelyPack = 1U << 18;  // bytes that are compressed without a trial
constexpr double kWorthwhile = 0.85;             // of the size, after compression
constexpr std::uint64_t kProgressStep = 1U << 20;
constexpr std::size_t kMostCompared = 256;  // large files, by blocks
constexpr std::size_t kSamples = 16, kSample = 1U << 15;

// The folders above a path, the nearest first.
template <class Use>
void each_folder_above(const std::string& path, const Use& use) {
  for (std::size_t at = path.rfind('/'); at != std::string::npos && at > 0;
       at = path.rfind('/', at - 1)) {
    use(path.substr(0, at));
  }
}

std::string octal(std::uint32_t mode) {
  std::string digits;
  for (; mode != 0; mode >>= 3U)
    digits.insert(digits.begin(), static_cast<char>('0' + (mode & 7U)));
  return digits.empty() ? "0" : digits;
}

class Sync {
 public:
  Sync(CommandRunner& runner, std::string local, const std::string& remote,
       const Manifest& manifest, Time deadline, bool only_add, SyncProgress progress)
      : runner_(runner),
        local_(std::move(local)),
        place_(only_add ? copy_place(remote) : mount_place(remote)),
        only_add_(only_add),
        manifest_(manifest),
        single_(!manifest.entries.empty() && manifest.entries.front().path.empty()),
        deadline_(deadline),
        progress_(std::move(progress)) {
    const std::size_t slash = place_.path.rfind('/');
    root_ = place_.path;
    if (!single_) return;
    prefix_ = place_.path.substr(slash + 1);
    root_ = slash == 0 ? "/" : place_.path.substr(0, slash);
  }

  Result<SyncReport> run(const Manifest* last) {
    if (Result<> allowed = runner_.may_write(place_.remote); !allowed) return allowed.error();
    Result<NodeFiles> node = look_at_mount(runner_, place_, last, deadline_);
    if (!node) return node.error();
    node_ = *std::move(node);
    for (const ManifestEntry& entry : node_.delivered.manifest.entries)
      before_[entry.path] = &entry;
    decide();
    report_.delta = manifest_delta(node_.delivered.manifest, manifest_);
    const bool idle = send_.empty() && removed_.empty() && forgotten_.empty() && modes_.empty();
    if (idle && node_.delivered.complete) return report_;
    if (Result<> done = deliver(); !done) return done.error();
    return report_;
  }

 private:
  // The path of an entry, relative to the folder that the node receives in.
  std::string inside(const std::string& path) const {
    if (!single_) return path;
    return path.empty() ? prefix_ : prefix_ + "/" + path;
  }

  void decide() {
    std::set<std::string> wanted;
    for (const ManifestEntry& entry : manifest_.entries) {
      wanted.insert(entry.path);
      const auto known = before_.find(entry.path);
      const ManifestEntry* had = known == before_.end() ? nullptr : known->second;
      const bool gone = node_.gone.contains(entry.path);
      const bool touched = gone || node_.changed.contains(entry.path);
      if (touched) ++report_.overwritten;
      if (had != nullptr && *had == entry && !touched) {
        if (entry.kind == Kind::kFolder && !node_.gone.empty()) send_.push_back(&entry);
        continue;
      }
      const bool same_bytes = had != nullptr && !touched && had->kind == entry.kind &&
                              had->content == entry.content && had->content != kUnknownContent;
      if (same_bytes) modes_[octal(entry.mode)].push_back(&entry);
      const bool in_doubt = had != nullptr && had->content == kUnknownContent;
      const bool other_kind = had != nullptr && had->kind != entry.kind;
      if (in_doubt) in_doubt_.push_back(&entry);
      if (other_kind && !in_doubt && !touched && !entry.path.empty()) removed_.push_back(had);
      if (!same_bytes || entry.kind == Kind::kFolder) send_.push_back(&entry);
    }
    for (const auto& [path, entry] : before_) {
      if (wanted.contains(path)) continue;
      const bool touched = node_.changed.contains(path) || node_.gone.contains(path);
      if (node_.changed.contains(path)) ++report_.kept;
      forgotten_.push_back(entry);
      if (!touched && !only_add_ && (single_ || !path.empty())) removed_.push_back(entry);
    }
  }

  std::string here(const ManifestEntry& entry) const {
    return entry.path.empty() ? local_ : local_ + "/" + entry.path;
  }

  // Of a large file that the node has in an older form, only the blocks that differ are sent.
  Result<> compare_large_files() {
    std::vector<const ManifestEntry*> large;
    std::vector<std::string> words;
    for (const ManifestEntry* entry : send_) {
      const auto known = before_.find(entry->path);
      const bool fresh = known == before_.end() || node_.changed.contains(entry->path) ||
                         node_.gone.contains(entry->path);
      if (fresh || entry->kind != Kind::kFile || known->second->kind != Kind::kFile) continue;
      if (std::min(entry->size, known->second->size) < kLargeFile) continue;
      large.push_back(entry);
      words.insert(words.end(), {known->second->content, "./" + inside(entry->path)});
      if (large.size() == kMostCompared) break;
    }
    if (large.empty()) return {};
    const Result<std::vector<std::string>> sums =
        block_sums_on_node(runner_, place_, root_, words, deadline_);
    if (!sums) return sums.error();
    for (std::size_t i = 0; i < large.size() && i < sums->size(); ++i) {
      if ((*sums)[i].empty()) continue;
      std::optional<FilePatch> patch = patch_of(here(*large[i]), *large[i], (*sums)[i]);
      if (patch) patches_.emplace(large[i], *std::move(patch));
    }
    return {};
  }

  Result<> deliver() {
    if (Result<> compared = compare_large_files(); !compared) return compared;
    const bool packed = node_.gzip && worth_packing();
    const auto archive = std::make_shared<TarSource>(local_, std::string(kSyncControl) + "/blocks");
    fill(*archive);
    std::shared_ptr<ByteSource> stream = archive;
    if (progress_) {
      const std::uint64_t all = bytes_to_send();
      stream = std::make_shared<CountedSource>(
          archive, kProgressStep,
          [this, all](std::uint64_t passed) { progress_(std::min(passed, all), all); });
    }
    if (packed) stream = std::make_shared<GzipSource>(stream);
    constexpr std::size_t kToken = 8;
    std::vector<std::string> modes;
    for (const auto& [mode, entries] : modes_)
      modes.push_back(mode);
    const Command command{
        .argv = {"sh", "-c", sync_deliver_script(), "rayctl-sync", place_.record, root_,
                 random_hex(kToken), packed ? "1" : "0", must_not_be_a_file(), join(modes, " ")},
        .stream = stream,
        .plain = true};
    const Result<CommandOutput> ran = runner_.run(command, deadline_);
    if (archive->failure()) return *archive->failure();
    if (!ran) return ran.error();
    if (ran->exit_code == 0) return {};
    Error error =
        permanent(ErrorCode::kFilesFailed, "files of " + place_.remote + " could not be changed");
    error.context = last_lines(ran->err, 5);
    return error;
  }

  std::uint64_t bytes_to_send() const {
    std::uint64_t all = 0;
    for (const ManifestEntry* entry : send_) {
      const auto patch = patches_.find(entry);
      all += patch == patches_.end() ? entry->size : patch->second.size;
    }
    return all;
  }

  // The mount was a file and becomes a folder.
  std::string must_not_be_a_file() const {
    return !single_ && !only_add_ && before_.contains("") ? place_.path : "";
  }

  void fill(TarSource& archive) const {
    const auto control = [&](const std::string& name, std::string text) {
      archive.add_text(std::string(kSyncControl) + "/" + name, std::move(text));
    };
    const bool fresh = !node_.delivered.readable;
    std::string begun = fresh ? delivered_header() : std::string(1, '\0');
    std::string done, few, removed, maybe, paths;
    std::set<std::string> folders, emptied;
    const Digest digest = manifest_digest(manifest_);
    std::size_t files = 0;
    for (const ManifestEntry* entry : send_) {
      begun += delivered_begun(*entry);
      done += delivered_entry(*entry);
      const std::string path = inside(entry->path);
      if (entry->kind == Kind::kFolder) folders.insert(path);
      each_folder_above(path, [&](std::string above) { folders.insert(std::move(above)); });
      if (entry->kind == Kind::kFile && ++files <= kFew) few += "./" + path + '\0';
    }
    for (const auto& [mode, entries] : modes_) {
      for (const ManifestEntry* entry : entries)
        done += delivered_entry(*entry);
    }
    for (const ManifestEntry* entry : forgotten_)
      done += delivered_gone(entry->path);
    for (const ManifestEntry* entry : removed_) {
      const std::string path = inside(entry->path);
      const bool doubtful = entry->content == kUnknownContent;
      if (entry->kind == Kind::kFolder || doubtful) emptied.insert(path);
      if (entry->kind != Kind::kFolder) (doubtful ? maybe : removed) += "./" + path + '\0';
      each_folder_above(path, [&](std::string above) { emptied.insert(std::move(above)); });
    }
    // A broken delivery may have left the old kind of thing in its place.
    for (const ManifestEntry* entry : in_doubt_) {
      const std::string path = inside(entry->path);
      emptied.insert(path);
      if (entry->kind == Kind::kFolder) maybe += "./" + path + '\0';
    }
    if (single_ && !only_add_ && !before_.empty() && !before_.contains("")) emptied.insert(prefix_);
    std::string whole = delivered_header();
    for (const ManifestEntry& entry : manifest_.entries) {
      whole += delivered_entry(entry);
      if (entry.kind == Kind::kFolder) continue;
      paths += (entry.path.empty() ? place_.path : place_.path + "/" + entry.path) + '\0';
    }
    whole += delivered_whole(digest);
    done += delivered_whole(digest);

    if (fresh) control("fresh", "");
    const bool rewrite = fresh || node_.log_size + begun.size() + done.size() > 2 * whole.size();
    control(rewrite ? "whole" : "done", rewrite ? std::move(whole) : std::move(done));
    control("begun", std::move(begun));
    control("remove", std::move(removed));
    control("maybe", std::move(maybe));
    std::string list;
    for (auto folder = emptied.rbegin(); folder != emptied.rend(); ++folder) {
      if (!wants_folder(*folder)) list += "./" + *folder + '\0';
    }
    control("rmdirs", std::move(list));
    list.clear();
    if (!send_.empty()) list = std::string(".") + '\0';
    for (const std::string& folder : folders)
      list += "./" + folder + '\0';
    control("dirs", std::move(list));
    if (files <= kFew) control("few", std::move(few));
    for (const auto& [mode, entries] : modes_) {
      list.clear();
      for (const ManifestEntry* entry : entries)
        list += "./" + inside(entry->path) + '\0';
      control("mode-" + mode, std::move(list));
    }
    if (names_differ()) control("names", std::move(paths));
    control("stale", stale_sums());

    std::set<std::string> there;
    std::size_t patched = 0;
    for (const ManifestEntry* entry : send_) {
      const std::string path = inside(entry->path);
      std::vector<std::string> above;
      each_folder_above(path, [&](std::string folder) { above.push_back(std::move(folder)); });
      for (auto folder = above.rbegin(); folder != above.rend(); ++folder) {
        if (there.insert(*folder).second) archive.add_entry("./" + *folder, folder_entry(*folder));
      }
      if (entry->kind == Kind::kFolder && !there.insert(path).second) continue;
      const auto patch = patches_.find(entry);
      if (patch == patches_.end()) {
        archive.add_entry("./" + path, *entry);
      } else {
        add_patch(archive, path, *entry, patch->second, patched++);
      }
    }
    control("complete", "");
  }

  // Lines of three numbers, in blocks: where they go in the file, where they are in the patch, how
  // many they are.
  void add_patch(TarSource& archive, const std::string& path, const ManifestEntry& entry,
                 const FilePatch& patch, std::size_t number) const {
    const std::string folder = std::string(kSyncControl) + "/patch/" + std::to_string(number);
    std::string runs;
    for (std::size_t at = 0; at < patch.blocks.size();) {
      std::size_t end = at + 1;
      while (end < patch.blocks.size() && patch.blocks[end] == patch.blocks[end - 1] + 1)
        ++end;
      runs += std::to_string(patch.blocks[at]) + ' ' + std::to_string(at) + ' ' +
              std::to_string(end - at) + '\n';
      at = end;
    }
    archive.add_text(folder + "/name", "./" + path);
    archive.add_text(folder + "/runs", std::move(runs));
    archive.add_text(folder + "/size", std::to_string(entry.size) + '\n');
    archive.add_text(folder + "/mode", octal(entry.mode) + '\n');
    archive.add_patch(folder + "/data", entry, patch);
  }

  // The sums of blocks that the node need no longer keep: those of files that it no longer has.
  std::string stale_sums() const {
    std::set<std::string> used;
    for (const ManifestEntry& entry : manifest_.entries)
      used.insert(entry.content);
    std::string stale;
    for (const auto& [path, entry] : before_) {
      if (only_add_ && !has(path)) used.insert(entry->content);
    }
    for (const auto& [path, entry] : before_) {
      const bool large = entry->kind == Kind::kFile && entry->size >= kLargeFile;
      if (large && !used.contains(entry->content)) stale += entry->content + '\0';
    }
    return stale;
  }

  // A folder that must be there for what is in it, with the mode that it is to have.
  ManifestEntry folder_entry(const std::string& path) const {
    if (has(path)) return *find(path);
    constexpr std::uint32_t kUsual = 0755;
    return {.path = path, .mode = kUsual, .kind = Kind::kFolder};
  }

  bool wants_folder(const std::string& path) const {
    return !single_ && folder_entry(path).kind == Kind::kFolder && has(path);
  }

  bool has(const std::string& path) const {
    const auto found = find(path);
    return found != manifest_.entries.end() && found->path == path;
  }

  std::vector<ManifestEntry>::const_iterator find(const std::string& path) const {
    return std::lower_bound(
        manifest_.entries.begin(), manifest_.entries.end(), path,
        [](const ManifestEntry& entry, const std::string& wanted) { return entry.path < wanted; });
  }

  bool names_differ() const {
    if (!node_.delivered.complete) return true;
    const auto files = [](const Manifest& manifest) {
      std::vector<std::string_view> paths;
      for (const ManifestEntry& entry : manifest.entries) {
        if (entry.kind != Kind::kFolder) paths.emplace_back(entry.path);
      }
      return paths;
    };
    return files(node_.delivered.manifest) != files(manifest_);
  }

  // Whether compression would make the stream much smaller, by samples of the larger files.
  bool worth_packing() const {
    std::uint64_t total = 0;
    std::vector<const ManifestEntry*> files;
    for (const ManifestEntry* entry : send_) {
      total += entry->size;
      if (entry->kind == Kind::kFile) files.push_back(entry);
    }
    if (total < kSurelyPack) return true;
    const std::size_t count = std::min(files.size(), kSamples);
    std::partial_sort(
        files.begin(), files.begin() + static_cast<std::ptrdiff_t>(count), files.end(),
        [](const ManifestEntry* a, const ManifestEntry* b) { return a->size > b->size; });
    std::string sample;
    for (std::size_t i = 0; i < count; ++i) {
      const Fd file(::open(here(*files[i]).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      std::string part(kSample, '\0');
      const std::uint64_t middle = files[i]->size / 2;
      const ssize_t got = ::pread(file.get(), part.data(), part.size(), static_cast<off_t>(middle));
      sample += part.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    return compressed_share(sample) < kWorthwhile;
  }

  CommandRunner& runner_;
  const std::string local_;
  const MountPlace place_;
  const bool only_add_;  ///< what is no longer in the manifest stays
  const Manifest& manifest_;
  const bool single_;  ///< the mount is one file
  const Time deadline_;
  const SyncProgress progress_;
  std::string root_, prefix_;
  NodeFiles node_;
  std::map<std::string, const ManifestEntry*> before_;
  std::vector<const ManifestEntry*> send_, removed_, forgotten_, in_doubt_;
  std::map<std::string, std::vector<const ManifestEntry*>> modes_;
  std::map<const ManifestEntry*, FilePatch> patches_;
  SyncReport report_;
};

}  // namespace

Result<SyncReport> sync_mount(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const Manifest* last, const SyncProgress& progress) {
  return Sync(runner, local, remote, manifest, deadline, false, progress).run(last);
}

Result<SyncReport> copy_files(CommandRunner& runner, const std::string& local,
                              const std::string& remote, const Manifest& manifest, Time deadline,
                              const SyncProgress& progress) {
  return Sync(runner, local, remote, manifest, deadline, true, progress).run(nullptr);
}

}  // namespace rayctl
