#include "providers/gcp/key_pair.h"

#include <filesystem>

#include "base/files.h"
#include "base/text.h"
#include "providers/key_files.h"

namespace rayctl::gcp {
namespace {

namespace fs = std::filesystem;

constexpr int kNames = 600;
constexpr int kRaysNames = 10;  // as many as Ray tries
constexpr std::size_t kLargestPublicHalf = 16U << 10;
constexpr char kPrefix[] = "ray-autoscaler_gcp_";
constexpr char kResource[] = "key-pair";

/// Where Ray puts a key of this name.
fs::path rays_file(const std::string& home, const std::string& name) {
  return fs::path(home) / ".ssh" / name;
}

/// A key that is there: of this cluster, or of nobody that rayctl knows; nullopt else.
std::optional<KeyPairSeen> usable(const ResourceScope& scope, const std::string& name,
                                  const fs::path& file) {
  const std::optional<std::string> line = public_half(file.string());
  if (!line) return std::nullopt;
  KeyPairSeen seen{.name = name, .file = file.string(), .public_line = *line, .cluster = {}};
  if (is_key_of(scope.cluster_id, file)) {
    seen.cluster = scope.cluster_id;
    return seen;
  }
  const auto facts = key_in(file);
  return facts && is_rayctls(*facts) ? std::nullopt : std::optional(std::move(seen));
}

/// The files of this cluster's keys, half-written ones too.
std::vector<fs::path> own_files(const ResourceScope& scope, const std::string& home) {
  std::vector<fs::path> own;
  for (const fs::path& file : keys_of(scope.cluster_id, key_file(home, "").parent_path())) {
    const std::string name = file.filename().string();
    if (name.starts_with(kPrefix) || name.starts_with(std::string(".") + kPrefix))
      own.push_back(file);
  }
  return own;
}

std::optional<KeyPairSeen> find_own(const ResourceScope& scope, const std::string& home) {
  for (const fs::path& file : own_files(scope, home)) {
    if (file.extension() != ".pem" || file.filename().string().starts_with(".")) continue;
    if (auto seen = usable(scope, file.stem().string(), file)) return seen;
  }
  return std::nullopt;
}

std::vector<Diagnostic> missing_file(const std::string& name, const fs::path& file) {
  return {{Severity::kError, "the private key of the key pair " + name + " is not on this machine",
           "copy it from where the cluster was made to " + file.string() +
               " (mode 600), or name a key of yours in auth.ssh_private_key",
           std::nullopt, ErrorCode::kPlanNeedsDecision}};
}

std::optional<KeyPairSeen> find_recorded(const ResourceScope& scope, const std::string& home) {
  const auto record = scope.known.find(ResourceName{kResource});
  if (record == scope.known.end() || record->second.title.empty()) return std::nullopt;
  const std::string& name = record->second.title;
  const fs::path file = key_pair_file(home, name);
  KeyPairSeen seen{.name = name,
                   .file = file.string(),
                   .public_line = public_half(file.string()).value_or(record->second.id),
                   .cluster = {}};
  const bool there = is_there(file);
  if (there ? is_key_of(scope.cluster_id, file) : record->second.ours)
    seen.cluster = scope.cluster_id;
  if (!there) seen.blocked = missing_file(name, file);
  if (seen.public_line.empty()) return std::nullopt;
  return seen;
}

}  // namespace

std::string key_pair_name(const Json& want, int index) {
  return kPrefix + want.value("region", "") + "_" + want.value("project", "") + "_" +
         want.value("user", "") + "_" + std::to_string(index);
}

std::string key_pair_file(const std::string& home, const std::string& name) {
  const fs::path ours = key_file(home, name), rays = rays_file(home, name);
  return (!is_there(ours) && is_there(rays) ? rays : ours).string();
}

std::string rays_key_file(const std::string& home, const Json& want) {
  for (int index = 0; index < kRaysNames; ++index) {
    const fs::path file = rays_file(home, key_pair_name(want, index));
    if (is_there(file)) return file.string();
  }
  return rays_file(home, key_pair_name(want, 0)).string();
}

bool is_public_key(const std::string& line) {
  const std::vector<std::string> words = split(trim(line), ' ');
  const auto bytes = words.size() < 2 ? std::nullopt : from_base64(words[1]);
  // The key begins with the length of its kind, in four bytes, and the kind.
  return bytes && bytes->size() > words[0].size() + 4 &&
         bytes->substr(4, words[0].size()) == words[0];
}

std::optional<std::string> public_half(const std::string& file) {
  if (const auto facts = key_in(file)) return facts->public_line;
  const Result<std::string> beside = read_file(file + ".pub", kLargestPublicHalf);
  if (!beside || !is_there(file) || !is_public_key(*beside)) return std::nullopt;
  const std::vector<std::string> words = split(trim(*beside), ' ');
  return words[0] + " " + words[1];
}

Result<KeyPairSeen> find_key_pair(const ResourceScope& scope, const std::string& home,
                                  const Json& want) {
  if (auto recorded = find_recorded(scope, home)) return *std::move(recorded);
  if (auto own = find_own(scope, home)) return *std::move(own);
  for (int index = 0; index < kNames; ++index) {
    const std::string name = key_pair_name(want, index);
    const fs::path file = key_file(home, name);
    if (auto seen = usable(scope, name, file)) return *std::move(seen);
    if (auto seen = usable(scope, name, rays_file(home, name))) return *std::move(seen);
    if (!is_there(file) && !is_there(rays_file(home, name)))
      return KeyPairSeen{.name = name, .file = file.string(), .public_line = "", .cluster = {}};
  }
  return permanent(ErrorCode::kProviderRefused,
                   "no name is free for a key pair: " + std::to_string(kNames) +
                       " are taken by files in ~/.ssh that are of no use here");
}

Result<KeyPairSeen> make_key_pair(const ResourceScope& scope, const std::string& home,
                                  const Json& want) {
  for (int tries = 0; tries < kNames; ++tries) {
    Result<KeyPairSeen> found = find_key_pair(scope, home, want);
    if (!found) return found;
    if (!found->blocked.empty()) {
      const Diagnostic& why = found->blocked.front();
      return permanent(ErrorCode::kPlanNeedsDecision, why.summary + ": " + why.remedy);
    }
    if (!found->public_line.empty()) return found;
    const Result<SshKey> key = make_ssh_key(key_marker(scope.cluster_id));
    if (!key) return key.error();
    const Result<bool> written = write_new_key(found->file, key->private_text);
    if (!written) return written.error();
  }
  return transient(ErrorCode::kProviderUnavailable,
                   "others were first with every name that was tried for the key pair");
}

Result<> remove_key_pairs(const ResourceScope& scope, const std::string& home) {
  if (scope.cluster_id.empty()) return {};
  for (const fs::path& file : own_files(scope, home)) {
    if (const Result<> removed = remove_key_file(file); !removed) return removed.error();
  }
  return {};
}

}  // namespace rayctl::gcp
