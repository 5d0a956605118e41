#include "transport/file_relay.h"

#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "transport/file_copy.h"
#include "transport/file_fetch.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr char kWhatIsThere[] = R"sh(
case $1 in "~") p=$HOME ;; "~/"*) p=$HOME/${1#"~/"} ;; *) p=$1 ;; esac
if [ -d "$p" ]; then echo folder; elif [ -e "$p" ]; then echo file; fi
)sh";

/// "folder", "file" or nothing.
Result<std::string> what_is(CommandRunner& node, const std::string& path, Time deadline) {
  const Command command{.argv = {"sh", "-c", kWhatIsThere, "rayctl-relay", path},
                        .env = {},
                        .input = "",
                        .stream = nullptr,
                        .plain = true};
  Result<CommandOutput> asked = node.run(command, deadline);
  if (!asked) return asked.error();
  if (asked->exit_code != 0) {
    return permanent(ErrorCode::kFilesFailed, "cannot look at " + path + ": " + asked->err);
  }
  return std::string(trim(asked->out));
}

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
  Result<std::string> what = what_is(from, path, deadline);
  if (!what) return what.error();
  Fetched now{.there = !what->empty()};
  if (now.there) {
    Result<fs::path> below = next_folder();
    if (!below) return below.error();
    const bool folder = *what == "folder";
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
                                                  const std::string& path, Time deadline) {
  Result<const Fetched*> files = fetched(from, path, deadline);
  if (!files) return in_context(files.error(), "fetching " + path + " from the head");
  if (!(*files)->there) return std::optional<SyncReport>();
  Result<SyncReport> sent = copy_files(to, (*files)->local, path, (*files)->manifest, deadline);
  if (!sent) return sent.error();
  return std::optional(*std::move(sent));
}

}  // namespace rayctl
