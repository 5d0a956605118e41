#include "transport/sync_archive.h"

#include <set>
#include <vector>

#include "base/text.h"
#include "transport/sync_scripts.h"

namespace rayctl {
namespace {

using Kind = ManifestEntry::Kind;

constexpr std::size_t kFew = 16;  // files that are flushed one by one

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

void add_name(std::string& list, const std::string& path) {
  list += "./" + path + '\0';
}

class SyncArchive {
 public:
  SyncArchive(const Delivery& delivery, TarSource& archive) : it_(delivery), archive_(archive) {}

  void fill() {
    write_log();
    list_removals();
    list_what_comes();
    control("stale", stale_sums());
    add_files();
    control("complete", "");
  }

 private:
  void control(const std::string& name, std::string text) {
    archive_.add_text(std::string(kSyncControl) + "/" + name, std::move(text));
  }

  void write_log() {
    const bool fresh = !it_.node.delivered.readable;
    std::string begun = fresh ? delivered_header() : std::string(1, '\0');
    std::string done, whole = delivered_header();
    for (const ManifestEntry* entry : it_.send) {
      begun += delivered_begun(*entry);
      done += delivered_entry(*entry);
    }
    for (const auto& [mode, entries] : it_.modes) {
      for (const ManifestEntry* entry : entries)
        done += delivered_entry(*entry);
    }
    for (const ManifestEntry* entry : it_.forgotten)
      done += delivered_gone(entry->path);
    for (const ManifestEntry& entry : it_.manifest.entries)
      whole += delivered_entry(entry);
    const Digest digest = manifest_digest(it_.manifest);
    whole += delivered_whole(digest);
    done += delivered_whole(digest);

    if (fresh) control("fresh", "");
    const bool rewrite = fresh || it_.node.log_size + begun.size() + done.size() > 2 * whole.size();
    control(rewrite ? "whole" : "done", rewrite ? std::move(whole) : std::move(done));
    control("begun", std::move(begun));
  }

  void list_removals() {
    std::string removed, maybe, rmdirs;
    std::set<std::string> emptied;
    for (const ManifestEntry* entry : it_.removed) {
      const std::string path = it_.inside(entry->path);
      const bool doubtful = entry->content == kUnknownContent;
      if (entry->kind == Kind::kFolder || doubtful) emptied.insert(path);
      if (entry->kind != Kind::kFolder) add_name(doubtful ? maybe : removed, path);
      each_folder_above(path, [&](std::string above) { emptied.insert(std::move(above)); });
    }
    // A broken delivery may have left the old kind of thing in its place.
    for (const ManifestEntry* entry : it_.in_doubt) {
      const std::string path = it_.inside(entry->path);
      emptied.insert(path);
      if (entry->kind == Kind::kFolder) add_name(maybe, path);
    }
    const bool was_folder = !it_.before.empty() && !it_.before.contains("");
    if (it_.single && !it_.only_add && was_folder) emptied.insert(it_.prefix);
    for (auto folder = emptied.rbegin(); folder != emptied.rend(); ++folder) {
      if (!wants_folder(*folder)) add_name(rmdirs, *folder);
    }
    control("remove", std::move(removed));
    control("maybe", std::move(maybe));
    control("rmdirs", std::move(rmdirs));
  }

  void list_what_comes() {
    std::string few, dirs;
    std::set<std::string> folders;
    std::size_t files = 0;
    for (const ManifestEntry* entry : it_.send) {
      const std::string path = it_.inside(entry->path);
      if (entry->kind == Kind::kFolder) folders.insert(path);
      each_folder_above(path, [&](std::string above) { folders.insert(std::move(above)); });
      if (entry->kind == Kind::kFile && ++files <= kFew) add_name(few, path);
    }
    if (!it_.send.empty()) dirs = std::string(".") + '\0';
    for (const std::string& folder : folders)
      add_name(dirs, folder);
    control("dirs", std::move(dirs));
    if (files <= kFew) control("few", std::move(few));
    for (const auto& [mode, entries] : it_.modes) {
      std::string names;
      for (const ManifestEntry* entry : entries)
        add_name(names, it_.inside(entry->path));
      control("mode-" + octal(mode), std::move(names));
    }
    if (names_differ()) control("names", names());
  }

  void add_files() {
    std::set<std::string> there;
    std::size_t patched = 0;
    for (const ManifestEntry* entry : it_.send) {
      const std::string path = it_.inside(entry->path);
      std::vector<std::string> above;
      each_folder_above(path, [&](std::string folder) { above.push_back(std::move(folder)); });
      for (auto folder = above.rbegin(); folder != above.rend(); ++folder) {
        if (there.insert(*folder).second) archive_.add_entry("./" + *folder, folder_entry(*folder));
      }
      if (entry->kind == Kind::kFolder && !there.insert(path).second) continue;
      const auto patch = it_.patches.find(entry);
      if (patch == it_.patches.end()) {
        archive_.add_entry("./" + path, *entry);
      } else {
        add_patch(path, *entry, patch->second, patched++);
      }
    }
  }

  void add_patch(const std::string& path, const ManifestEntry& entry, const FilePatch& patch,
                 std::size_t number) {
    const std::string folder = "patch/" + std::to_string(number);
    control(folder + "/name", "./" + path);
    control(folder + "/runs", runs_of(patch));
    control(folder + "/size", std::to_string(entry.size) + '\n');
    control(folder + "/mode", octal(entry.mode) + '\n');
    archive_.add_patch(std::string(kSyncControl) + "/" + folder + "/data", entry, patch);
  }

  // Lines of three numbers, in blocks: where they go in the file, where they are in the patch, how
  // many they are.
  static std::string runs_of(const FilePatch& patch) {
    std::string runs;
    for (std::size_t at = 0; at < patch.blocks.size();) {
      std::size_t end = at + 1;
      while (end < patch.blocks.size() && patch.blocks[end] == patch.blocks[end - 1] + 1)
        ++end;
      runs += std::to_string(patch.blocks[at]) + ' ' + std::to_string(at) + ' ' +
              std::to_string(end - at) + '\n';
      at = end;
    }
    return runs;
  }

  // The sums of blocks that the node need no longer keep: those of files that it no longer has.
  std::string stale_sums() const {
    std::set<std::string> used;
    for (const ManifestEntry& entry : it_.manifest.entries)
      used.insert(entry.content);
    for (const auto& [path, entry] : it_.before) {
      if (it_.only_add && it_.wanted(path) == nullptr) used.insert(entry->content);
    }
    std::string stale;
    for (const auto& [path, entry] : it_.before) {
      const bool large = entry->kind == Kind::kFile && entry->size >= kLargeFile;
      if (large && !used.contains(entry->content)) stale += entry->content + '\0';
    }
    return stale;
  }

  // A folder that must be there for what is in it, with the mode that it is to have.
  ManifestEntry folder_entry(const std::string& path) const {
    if (const ManifestEntry* wanted = it_.wanted(path)) return *wanted;
    constexpr std::uint32_t kUsual = 0755;
    return {.path = path, .mode = kUsual, .kind = Kind::kFolder};
  }

  bool wants_folder(const std::string& path) const {
    const ManifestEntry* wanted = it_.wanted(path);
    return !it_.single && wanted != nullptr && wanted->kind == Kind::kFolder;
  }

  std::string names() const {
    std::string names;
    for (const ManifestEntry& entry : it_.manifest.entries) {
      if (entry.kind == Kind::kFolder) continue;
      names += (entry.path.empty() ? it_.place.path : it_.place.path + "/" + entry.path) + '\0';
    }
    return names;
  }

  bool names_differ() const {
    if (!it_.node.delivered.complete) return true;
    const auto files = [](const Manifest& manifest) {
      std::vector<std::string_view> paths;
      for (const ManifestEntry& entry : manifest.entries) {
        if (entry.kind != Kind::kFolder) paths.emplace_back(entry.path);
      }
      return paths;
    };
    return files(it_.node.delivered.manifest) != files(it_.manifest);
  }

  const Delivery& it_;
  TarSource& archive_;
};

}  // namespace

void fill_archive(const Delivery& delivery, TarSource& archive) {
  SyncArchive(delivery, archive).fill();
}

std::string modes_to_set(const Delivery& delivery) {
  std::vector<std::string> modes;
  for (const auto& [mode, entries] : delivery.modes)
    modes.push_back(octal(mode));
  return join(modes, " ");
}

}  // namespace rayctl
