#include "providers/key_files.h"

#include <system_error>

#include "base/digest.h"
#include "base/files.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestKey = 64U << 10;
constexpr char kMarker[] = "rayctl ";

}  // namespace

fs::path key_file(const std::string& home, const std::string& name) {
  return fs::path(home) / ".ssh" / (name + ".pem");
}

std::string key_marker(const ClusterId& id) {
  return kMarker + id.text;
}

bool is_rayctls(const SshKeyFacts& key) {
  return key.comment.starts_with(kMarker);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::optional<SshKeyFacts> key_in(const fs::path& path) {
  const Result<std::string> text = read_file(path, kLargestKey);
  return text ? read_ssh_key(*text) : std::nullopt;
}

bool is_key_of(const ClusterId& id, const fs::path& path) {
  const auto facts = key_in(path);
  return facts && !id.empty() && facts->comment == key_marker(id);
}

Result<bool> write_new_key(const fs::path& path, const std::string& private_text) {
  if (const Result<> folder = make_directories(path.parent_path()); !folder) return folder.error();
  const fs::path beside =
      path.parent_path() / ("." + path.filename().string() + "." + random_hex(6));
  if (const Result<> written = write_file_atomic(beside, private_text, 0600); !written)
    return written.error();
  std::error_code failed;
  fs::create_hard_link(beside, path, failed);
  std::error_code ignored;
  fs::remove(beside, ignored);
  if (!failed) return true;
  if (is_there(path)) return false;
  return permanent(ErrorCode::kIo, "cannot write " + path.string() + ": " + failed.message());
}

Result<> remove_key_file(const fs::path& path) {
  std::error_code failed;
  fs::remove(path, failed);
  if (!failed) return {};
  return permanent(ErrorCode::kIo, "cannot remove " + path.string() + ": " + failed.message());
}

std::vector<fs::path> keys_of(const ClusterId& id, const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    std::error_code ignored;
    if (at->path().filename().string().find(".pem") != std::string::npos &&
        at->is_regular_file(ignored) && is_key_of(id, at->path()))
      files.push_back(at->path());
  }
  return files;
}

}  // namespace rayctl
