#include "providers/process/node_root.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstdint>
#include <cstdio>

#include "base/digest.h"
#include "base/files.h"
#include "providers/process/addresses.h"
#include "providers/process/temp_dir.h"

namespace rayctl::process {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeadPorts = 3;  // GCS, dashboard, client server

std::uint32_t seed_of(const fs::path& path) {
  return static_cast<std::uint32_t>(
      std::stoul(sha256_hex(path.string()).substr(0, 8), nullptr, 16));
}

std::vector<fs::path> subfolders(const fs::path& path, std::error_code& failed) {
  std::vector<fs::path> found;
  for (fs::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().filename().native().front() != '.') found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::string as_folder(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || (c == '.' && !text.empty())) {
      text += c;
    } else {
      char code[4];
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(byte));
      text += code;
    }
  }
  return text;
}

Result<std::vector<NodeFolder>> NodeRoot::folders(const ClusterName& cluster) const {
  const fs::path path = path_ / as_folder(cluster.text);
  std::error_code failed;
  std::vector<NodeFolder> found;
  for (fs::path& folder : subfolders(path, failed))
    found.emplace_back(std::move(folder));
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return transient(ErrorCode::kProviderUnavailable,
                     "cannot read " + path.string() + ": " + failed.message());
  }
  return found;
}

std::optional<NodeFolder> NodeRoot::find(const CloudId& id) {
  const std::lock_guard guard(mutex_);
  const auto known = found_.find(id);
  if (known != found_.end()) {
    NodeFolder folder(known->second);
    if (folder.exists() && folder.is(id)) return folder;
    found_.erase(known);
  }
  std::error_code failed;
  for (const fs::path& cluster : subfolders(path_, failed)) {
    std::error_code ignored;
    for (const fs::path& path : subfolders(cluster, ignored)) {
      NodeFolder folder(path);
      const CloudId seen = folder.id();
      found_[seen] = path;
      if (folder.is(id) && folder.exists()) return folder;
    }
  }
  return std::nullopt;
}

Result<FileLock> NodeRoot::lock(Time deadline) const {
  if (Result<> made = make_directories(path_); !made) return made.error();
  return FileLock::take(path_ / ".lock", deadline);
}

Result<NodeFacts> NodeRoot::claim(const fs::path& folder, bool head) const {
  const fs::path file = path_ / ".claims";
  const Result<std::string> text = read_file(file);
  std::vector<Claim> claims = text ? parse_claims(*text) : std::vector<Claim>{};
  std::erase_if(claims, [&](const Claim& claim) { return !fs::exists(path_ / claim.folder); });
  const std::uint32_t seed = seed_of(path_);
  const std::optional<std::string> address = free_address(claims, seed);
  const std::vector<int> ports = free_ports(claims, seed, head ? kHeadPorts : 0, can_listen);
  if (!address || (head && ports.size() < kHeadPorts)) {
    return transient(ErrorCode::kProviderRefused, "no loopback address or port is free");
  }
  Result<fs::path> temp = own_temp();
  if (!temp) return temp.error();
  claims.push_back({folder.lexically_relative(path_).string(), *address, ports});
  if (Result<> written = write_file_atomic(file, format_claims(claims)); !written) {
    return written.error();
  }
  NodeFacts facts;
  facts.address = *address;
  facts.temp_dir = *temp / sha256_hex(folder.string()).substr(0, 8);
  if (head) {
    facts.gcs_port = ports[0];
    facts.dashboard_port = ports[1];
    facts.client_port = ports[2];
  }
  return facts;
}

Result<NodeRoot::Made> NodeRoot::make(const NewNode& node) const {
  const fs::path cluster = path_ / as_folder(node.cluster.text), drafts = path_ / ".new";
  const std::string name = as_folder(node.hint) + "-" + sha256_hex(node.token).substr(0, 6);
  fs::path path = cluster / name;
  for (int i = 2; fs::exists(path); ++i)
    path = cluster / (name + "-" + std::to_string(i));
  std::error_code failed;
  fs::remove_all(drafts, failed);  // of one who was killed while it held the lock
  const NodeFolder draft(drafts / path.filename());
  if (Result<> made = make_directories(draft.file("")); !made) return made.error();
  Result<FileLock> change = FileLock::take(draft.change_lock(), Time::max());
  if (!change) return change.error();
  Result<NodeFacts> facts = claim(path, node.head);
  if (!facts) return facts.error();
  facts->env = node.env;
  if (Result<> written = draft.write_facts(*facts); !written) return written.error();
  if (Result<> written = draft.write_tags(node.tags); !written) return written.error();
  // A supervisor that ends may remove the cluster's empty folder between the two calls: once more.
  for (int i = 0; i < 2; ++i) {
    if (Result<> made = make_directories(cluster); !made) return made.error();
    fs::rename(draft.path(), path, failed);
    if (failed) continue;
    std::error_code ignored;
    fs::remove(drafts, ignored);
    return Made{NodeFolder(path), *std::move(change)};
  }
  return permanent(ErrorCode::kLaunchFailed,
                   "cannot make the folder " + path.string() + ": " + failed.message());
}

void NodeRoot::discard(const NodeFolder& folder) {
  const Result<NodeFacts> facts = folder.facts();
  const fs::path cluster = folder.path().parent_path(), trash = cluster.parent_path() / ".trash";
  static std::atomic<unsigned> counter{0};
  const fs::path aside = trash / (folder.path().filename().string() + "." +
                                  std::to_string(::getpid()) + "." + std::to_string(++counter));
  std::error_code ignored;
  fs::create_directories(trash, ignored);
  fs::rename(folder.path(), aside, ignored);
  fs::remove_all(aside, ignored);
  if (facts) discard_temp(*facts);
  fs::remove(trash, ignored);    // only if it is empty
  fs::remove(cluster, ignored);  // the same
}

void NodeRoot::discard_temp(const NodeFacts& facts) {
  std::error_code ignored;
  if (facts.temp_dir.starts_with("/tmp/rayctl-")) fs::remove_all(facts.temp_dir, ignored);
}

}  // namespace rayctl::process
