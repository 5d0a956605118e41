#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "model/json.h"

namespace rayctl {

/// How Ray digests a configuration (hash_launch_conf and hash_runtime_conf, in autoscaler/util.py
/// of 0.8.7 and autoscaler/_private/util.py of 2.9.3 and 2.60.0). A tag of 40 characters is one of
/// the first two, one of 52 the third.
enum class RayHashForm {
  kSha1,             ///< 0.8.7: SHA-1 in hex; `auth` as it stands, with paths of keys
  kSha1KeyContents,  ///< 2.9.3: SHA-1 in hex; keys by their contents
  kSha256,           ///< 2.60.0: SHA-256 in base32hex; keys by their contents
};
inline constexpr RayHashForm kRayHashForms[] = {RayHashForm::kSha1, RayHashForm::kSha1KeyContents,
                                                RayHashForm::kSha256};

/// Contents of the files that auth.ssh_private_key and auth.ssh_public_key name; nullopt where that
/// key is not in `auth`. Secret: never recorded.
struct RayKeyContents {
  std::optional<std::string> ssh_private_key, ssh_public_key;
};

/// The value of the tag ray-launch-config: of the node config after Ray's bootstrap and of `auth`.
std::string ray_launch_hash(RayHashForm form, const Json& node_config, const Json& auth,
                            const RayKeyContents& keys);

/// The value of the tag ray-runtime-config. `extra` is what Ray passes: the whole config for the
/// head, the list of its commands for a worker. `contents` is the digest of the file mounts.
std::string ray_runtime_hash(RayHashForm form, const Json& file_mounts, const Json& extra,
                             std::string_view contents);

/// The digest of the bytes of file mounts. Fed with the pieces of each local path in sorted order,
/// so_far() is what ray_runtime_hash wants; fed with those of cluster_synced_files after that, it
/// is the tag ray-file-mounts-contents.
StreamDigest::Form ray_contents_form(RayHashForm form);

/// One folder of a mount: its path as Ray walks to it (the path that the YAML gives, `~` expanded,
/// and what is below it) and the names of the files and links to files in it.
struct RayFolder {
  std::string path;
  std::vector<std::string> files;
};

/// What Ray hashes next: `text` itself, or the bytes of the file of that path.
struct RayHashPiece {
  bool is_path = false;
  std::string text;
  bool operator==(const RayHashPiece&) const = default;
};

/// The pieces of one path in Ray's order. `folders` is empty when `path` is a file. Folders that
/// are symbolic links are not in it: Ray does not enter them.
std::vector<RayHashPiece> ray_hash_pieces(const std::string& path, std::vector<RayFolder> folders);

}  // namespace rayctl
