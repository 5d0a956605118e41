#include "cli/ray_tags.h"

#include <optional>

#include "base/files.h"
#include "model/ray_hash.h"

namespace rayctl {
namespace {

constexpr std::size_t kLargestKey = 1U << 16;

std::optional<std::string> key_of(const Json& auth, const char* name) {
  const auto path = auth.find(name);
  if (path == auth.end() || !path->is_string()) return std::nullopt;
  Result<std::string> bytes = read_file(path->get<std::string>(), kLargestKey);
  return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

RayKeyContents keys_of(const Config& config) {
  return {.ssh_private_key = key_of(config.auth, "ssh_private_key"),
          .ssh_public_key = key_of(config.auth, "ssh_public_key")};
}

}  // namespace

std::string ray_launch_tag(const Config& config, const Json& node_config) {
  return ray_launch_hash(RayHashForm::kSha256, node_config, config.auth, keys_of(config));
}

std::set<std::string> ray_launch_tags(const Config& config, const Json& node_config) {
  const RayKeyContents keys = keys_of(config);
  std::set<std::string> tags;
  for (const RayHashForm form : kRayHashForms)
    tags.insert(ray_launch_hash(form, node_config, config.auth, keys));
  return tags;
}

}  // namespace rayctl
