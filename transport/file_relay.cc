#include "transport/file_relay.h"

#include <cstdlib>

#include "base/files.h"
#include "transport/file_copy.h"
#include "transport/file_fetch.h"
#include "transport/manifest_builder.h"
#include "transport/path_kind.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

}  // namespace

FileRelay::~FileRelay() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<fs::path> FileRelay::next_folder() {
  if (folder_.empty()) {
    std::string name = (fs::temp_directory_path() / "rayctl-relay-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return permanent(ErrorCode::kIo, "cannot make a temporary folder " + name);
    }
    folder_ = name;
  }
  fs::path next = folder_ / std::to_string(fetched_.size());
  if (Result<> made = make_directories(next); !made) return made.error();
  return next;
}

Result<const FileRelay::Fetched*> FileRelay::fetched(CommandRunner& from, const std::string& path,
                                                     Time deadline) {
  const std::lock_guard guard(mutex_);
  if (const auto known = fetched_.find(path); known != fetched_.end()) return &known->second;
  Result<PathKind> kind = kind_of_path(from, path, deadline);
  if (!kind) return kind.error();
  Fetched now{.there = *kind != PathKind::kNothing};
  if (now.there) {
    Result<fs::path> below = next_folder();
    if (!below) return below.error();
    const bool folder = *kind == PathKind::kFolder;
    Result<FetchReport> came =
        fetch_files(from, folder ? path + "/" : path, (*below / "").string(), deadline);
    if (!came) return came.error();
    now.local = folder ? below->string() : (*below / fs::path(path).filename()).string();
    ManifestOptions everything;
    everything.keep_bytecode = true;
    Result<Manifest> manifest = build_manifest(now.local, everything, no_hash_cache());
    if (!manifest) return manifest.error();
    now.manifest = *std::move(manifest);
  }
  return &fetched_.emplace(path, std::move(now)).first->second;
}

Result<std::optional<SyncReport>> FileRelay::send(CommandRunner& from, CommandRunner& to,
                                                  const std::string& path, Time deadline,
                                                  const SyncProgress& progress) {
  Result<const Fetched*> files = fetched(from, path, deadline);
  if (!files) return in_context(files.error(), "fetching " + path + " from the head");
  if (!(*files)->there) return std::optional<SyncReport>();
  Result<SyncReport> sent =
      copy_files(to, (*files)->local, path, (*files)->manifest, deadline, progress);
  if (!sent) return sent.error();
  return std::optional(*std::move(sent));
}

}  // namespace rayctl
