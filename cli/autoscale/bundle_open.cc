#include <set>

#include "base/files.h"
#include "cli/autoscale/bundle.h"
#include "cli/autoscale/bundle_layout.h"

namespace rayctl {

namespace fs = std::filesystem;

Result<OpenedBundle> open_bundle(Session& session, const fs::path& folder) {
  Result<std::string> text = read_file(folder / kFacts);
  if (!text) return text.error();
  Result<BundleFacts> facts = decode_bundle(*text);
  if (!facts) return facts.error();
  OpenedBundle opened;
  opened.facts = *std::move(facts);
  opened.digest = digest_of(opened.facts);

  ClusterFlags flags{.config = (folder / kYaml).string(),
                     .cluster_name = opened.facts.cluster_name.value_or(""),
                     .json = session.json,
                     .no_color = session.no_color,
                     .min_workers = opened.facts.min_workers,
                     .max_workers = opened.facts.max_workers};
  Result<Config> config = load_config(session, flags, false);
  if (!config) return config.error();
  opened.config = *std::move(config);
  if (opened.config.text_digest != opened.facts.text_digest ||
      opened.config.file_mounts.size() != opened.facts.mounts.size()) {
    return permanent(ErrorCode::kStateCorrupt,
                     (folder / kYaml).string() + " is not what the bundle was made with");
  }
  std::error_code error;
  for (std::size_t at = 0; at < opened.facts.mounts.size(); ++at) {
    const fs::path link = folder / kMounts / std::to_string(at + 1);
    opened.config.file_mounts[at].local = fs::canonical(link, error).string();
    if (error) return io_error("find", link, error);
  }
  if (fs::exists(folder / kWorkerKey, error))
    opened.worker_key = fs::absolute(folder / kWorkerKey).string();

  if (!opened.facts.state.empty()) {
    opened.paths.database = opened.facts.state;
    opened.paths.folder = opened.paths.database.parent_path();
    return opened;
  }
  opened.paths.folder = fs::absolute(folder).parent_path() / kState;
  opened.paths.database = opened.paths.folder / "state.db";
  if (Result<> made = make_directories(opened.paths.folder); !made) return made.error();
  for (const char* name : kClusterSecrets) {
    if (!fs::exists(folder / name, error)) continue;
    Result<std::string> bytes = read_file(folder / name);
    if (!bytes) return bytes.error();
    if (Result<> put = write_file_atomic(opened.paths.folder / name, *bytes); !put)
      return put.error();
  }
  return opened;
}

void drop_other_bundles(const fs::path& keep) {
  std::set<fs::path> needed{keep.filename(), kState};
  std::error_code error;
  needed.insert(fs::canonical(keep / kProgram, error).filename());
  for (const auto& mount : fs::directory_iterator(keep / kMounts, error))
    needed.insert(fs::canonical(mount.path(), error).filename());
  if (error) return;
  for (const auto& entry : fs::directory_iterator(keep.parent_path(), error)) {
    const std::string name = entry.path().filename();
    const bool ours =
        name.starts_with("bundle-") || name.starts_with("program-") || name.starts_with("mount-");
    if (ours && !needed.contains(name)) fs::remove_all(entry.path(), error);
  }
}

}  // namespace rayctl
