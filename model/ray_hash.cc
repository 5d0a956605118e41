#include "model/ray_hash.h"

#include <algorithm>
#include <utility>

#include "model/python_json.h"

namespace rayctl {
namespace {

std::string digest(RayHashForm form, const std::string& bytes) {
  return form == RayHashForm::kSha256 ? sha256_base32hex(bytes) : sha1_hex(bytes);
}

// Python opens the key as text: every kind of line end becomes "\n".
std::string as_python_reads(const std::string& file) {
  std::string text;
  text.reserve(file.size());
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i] != '\r') {
      text += file[i];
    } else if (i + 1 == file.size() || file[i + 1] != '\n') {
      text += '\n';
    }
  }
  return text;
}

}  // namespace

std::string ray_launch_hash(RayHashForm form, const Json& node_config, const Json& auth,
                            const RayKeyContents& keys) {
  Json full_auth = auth;
  if (form != RayHashForm::kSha1) {
    if (keys.ssh_private_key) full_auth["ssh_private_key"] = as_python_reads(*keys.ssh_private_key);
    if (keys.ssh_public_key) full_auth["ssh_public_key"] = as_python_reads(*keys.ssh_public_key);
  }
  return digest(form, python_json(Json::array({node_config, std::move(full_auth)})));
}

std::string ray_runtime_hash(RayHashForm form, const Json& file_mounts, const Json& extra,
                             std::string_view contents) {
  return digest(form, python_json(file_mounts) + python_json(extra) + std::string(contents));
}

StreamDigest::Form ray_contents_form(RayHashForm form) {
  return form == RayHashForm::kSha256 ? StreamDigest::Form::kSha256Base32hex
                                      : StreamDigest::Form::kSha1Hex;
}

std::vector<RayHashPiece> ray_hash_pieces(const std::string& path, std::vector<RayFolder> folders) {
  if (folders.empty()) return {{true, path}};
  std::sort(folders.begin(), folders.end(),
            [](const RayFolder& a, const RayFolder& b) { return a.path < b.path; });
  std::vector<RayHashPiece> pieces;
  for (RayFolder& folder : folders) {
    std::sort(folder.files.begin(), folder.files.end());
    pieces.push_back({false, folder.path});
    const std::string below = folder.path.ends_with('/') ? folder.path : folder.path + "/";
    for (std::string& file : folder.files) {
      pieces.push_back({false, file});
      pieces.push_back({true, below + file});
    }
  }
  return pieces;
}

}  // namespace rayctl
