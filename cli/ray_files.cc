#include "cli/ray_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include "base/files.h"
#include "model/hash_cache.h"
#include "model/json_text.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class Digests {
 public:
  void add(std::string_view bytes) {
    for (StreamDigest& each : all_)
      each.add(bytes);
  }

  bool add_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string block(1U << 20, '\0');
    while (file) {
      file.read(block.data(), static_cast<std::streamsize>(block.size()));
      add(std::string_view(block.data(), static_cast<std::size_t>(file.gcount())));
    }
    return file.eof();
  }

  std::set<std::string> tags() const {
    std::set<std::string> found;
    for (const StreamDigest& each : all_)
      found.insert(each.so_far());
    return found;
  }

 private:
  std::array<StreamDigest, 2> all_{StreamDigest(ray_contents_form(RayHashForm::kSha256)),
                                   StreamDigest(ray_contents_form(RayHashForm::kSha1))};
};

class NothingKnown final : public HashCache {
 public:
  std::vector<HashedFile> load(const std::string&) override { return {}; }
  void store(const std::string&, const std::vector<HashedFile>&) override {}
};

std::string below(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

/// As Python's os.walk: links to folders are not entered, and are no files.
void walk(const std::string& local, const std::string& path, std::vector<RayFolder>& folders) {
  RayFolder folder{path, {}};
  std::error_code problem;
  for (const fs::directory_entry& each : fs::directory_iterator(local, problem)) {
    const std::string name = each.path().filename().string();
    if (!each.is_directory(problem)) {
      folder.files.push_back(name);
    } else if (!each.is_symlink(problem)) {
      walk(each.path().string(), below(path, name), folders);
    }
  }
  folders.push_back(std::move(folder));
}

/// What of a mount is sent; nullopt where links make that another thing there than here.
std::optional<std::vector<RayFolder>> sent_folders(const Manifest& manifest,
                                                   const std::string& path) {
  std::map<std::string, RayFolder> folders;
  folders[""] = {path, {}};
  for (const ManifestEntry& entry : manifest.entries) {
    if (entry.kind == ManifestEntry::Kind::kLink) return std::nullopt;
    if (entry.path.empty()) return std::vector<RayFolder>();
    if (entry.kind == ManifestEntry::Kind::kFolder) {
      folders[entry.path].path = below(path, entry.path);
      continue;
    }
    const std::size_t slash = entry.path.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : entry.path.substr(0, slash);
    RayFolder& folder = folders[parent];
    if (!parent.empty()) folder.path = below(path, parent);
    folder.files.push_back(entry.path.substr(slash == std::string::npos ? 0 : slash + 1));
  }
  std::vector<RayFolder> found;
  for (auto& [name, folder] : folders)
    found.push_back(std::move(folder));
  return found;
}

std::set<std::string> head_tags(const Config& config) {
  std::vector<RayMount> mounts;
  for (const FileMountConfig& each : config.file_mounts) {
    RayMount mount{each.written, expand_home(each.written, home_directory()), each.local, {}};
    std::error_code problem;
    if (fs::is_directory(mount.local, problem)) walk(mount.local, mount.path, mount.folders);
    mounts.push_back(std::move(mount));
  }
  return ray_contents_tags(std::move(mounts));
}

bool in_container(const Config& config) {
  return std::any_of(config.node_types.begin(), config.node_types.end(),
                     [](const NodeTypeConfig& type) {
                       return type.docker.contains("image") || type.docker.contains("head_image") ||
                              type.docker.contains("worker_image");
                     });
}

std::set<std::string> worker_tags(const Config& config) {
  if (!config.cluster_synced_files.empty() || in_container(config)) return {};
  const std::string user = text_in(config.auth, "ssh_user");
  const std::string home = user == "root" ? "/root" : "/home/" + user;
  const ManifestOptions all{
      .exclude = config.rsync_exclude, .filter = config.rsync_filter, .keep_bytecode = true};
  NothingKnown cache;
  std::vector<RayMount> mounts;
  for (const FileMountConfig& each : config.file_mounts) {
    RayMount mount{each.remote, expand_home(each.remote, home), each.local, {}};
    Result<Manifest> manifest = build_manifest(each.local, all, cache);
    if (!manifest) return {};
    std::optional<std::vector<RayFolder>> folders = sent_folders(*manifest, mount.path);
    if (!folders) return {};
    mount.folders = *std::move(folders);
    mounts.push_back(std::move(mount));
  }
  return ray_contents_tags(std::move(mounts));
}

}  // namespace

std::set<std::string> ray_contents_tags(std::vector<RayMount> mounts) {
  std::sort(mounts.begin(), mounts.end(),
            [](const RayMount& one, const RayMount& other) { return one.key < other.key; });
  Digests digests;
  for (RayMount& mount : mounts) {
    for (const RayHashPiece& piece : ray_hash_pieces(mount.path, std::move(mount.folders))) {
      if (!piece.is_path) {
        digests.add(piece.text);
        continue;
      }
      const std::string rest = piece.text.substr(mount.path.size());
      const std::string slash = rest.empty() || rest.front() == '/' ? "" : "/";
      if (!digests.add_file(mount.local + slash + rest)) return {};
    }
  }
  return digests.tags();
}

RayFileTags ray_file_tags(const Config& config) {
  return {.head = head_tags(config), .workers = worker_tags(config)};
}

}  // namespace rayctl
