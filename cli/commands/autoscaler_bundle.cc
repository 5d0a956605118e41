#include <filesystem>
#include <ostream>

#include "cli/autoscale/bundle.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/own_version.h"
#include "cli/pipeline.h"
#include "config/resolve.h"

namespace rayctl {
namespace {

Result<Digest> config_digest(Cluster& cluster) {
  Result<MountDigests> mounts = hash_mounts(cluster);
  if (!mounts) return mounts.error();
  const Config& config = cluster.config();
  return resolve(config, default_scale(config, {}), *mounts, cluster.digest_key()).config;
}

/// Started by tests and by those who look into things: makes a bundle as `apply` does, or reads
/// one.
class AutoscalerBundleVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("--min-workers", cluster_.min_workers);
    flags.value("--max-workers", cluster_.max_workers);
  }

  Result<int> run(Session& session) override {
    std::error_code ignored;
    return std::filesystem::is_directory(cluster_.config, ignored) ? read(session) : make(session);
  }

 private:
  Result<int> make(Session& session) {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Snapshot> snapshot = (*cluster)->store().load();
    if (!snapshot) return snapshot.error();
    Result<BundlePlan> plan = plan_bundle(
        **cluster,
        {.version = own_version(), .cluster_id = snapshot->cluster_id, .flags = cluster_});
    if (!plan) return plan.error();
    Result<std::filesystem::path> folder = write_bundle(session, **cluster, *plan);
    if (!folder) return folder.error();
    return tell(session, **cluster, plan->facts, *folder);
  }

  Result<int> read(Session& session) {
    take_output(session, cluster_.json, cluster_.no_color);
    Result<OpenedBundle> opened = open_bundle(session, cluster_.config);
    if (!opened) return opened.error();
    Result<std::unique_ptr<Cluster>> cluster =
        Cluster::open(session, opened->config, opened->paths);
    if (!cluster) return cluster.error();
    return tell(session, **cluster, opened->facts, cluster_.config);
  }

  Result<int> tell(Session& session, Cluster& cluster, const BundleFacts& facts,
                   const std::filesystem::path& folder) {
    Result<Digest> config = config_digest(cluster);
    if (!config) return config.error();
    if (!session.json) {
      session.io.out << folder.string() << "\n";
      return 0;
    }
    show_json(session, {{"format_version", kOutputFormat},
                        {"folder", folder.string()},
                        {"bundle", digest_of(facts).text},
                        {"program", facts.program.text},
                        {"version", facts.version},
                        {"config", config->text}});
    return 0;
  }

  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_bundle_verb() {
  return std::make_unique<AutoscalerBundleVerb>();
}

}  // namespace rayctl
