#include "cli/commands/change_flags.h"

#include <algorithm>
#include <filesystem>

#include "cli/secrets.h"

namespace rayctl {

void declare_plan(Flags& flags, PlanFlags& target) {
  declare_cluster(flags, target.cluster);
  flags.flag("--no-restart", target.no_restart);
  flags.flag("--restart-only", target.restart_only);
  flags.flag("--restart", target.restart);
  flags.flag("--replace-head", target.replace_head);
  flags.value("--min-workers", target.cluster.min_workers);
  flags.value("--max-workers", target.cluster.max_workers);
  flags.value("--autoscaler", target.cluster.autoscaler);
  flags.values("--target", target.target);
  flags.values("--exclude", target.exclude);
  flags.flag("--refresh", target.refresh);
  flags.flag("--upgrade-images", target.upgrade_images);
  flags.exclusive("--no-restart", "--restart-only");
  flags.exclusive("--no-restart", "--restart");
}

Goal goal_of(const PlanFlags& flags) {
  Goal goal{
      .destroy = flags.destroy, .refresh = flags.refresh, .upgrade_images = flags.upgrade_images};
  goal.options = {.no_restart = flags.no_restart,
                  .restart_only = flags.restart_only,
                  .restart = flags.restart,
                  .replace_head = flags.replace_head,
                  .target = flags.target,
                  .exclude = flags.exclude,
                  .overrides = {flags.cluster.min_workers, flags.cluster.max_workers}};
  return goal;
}

PlanSource source_of(const ClusterFlags& flags) {
  std::error_code ignored;
  return {.file = std::filesystem::absolute(flags.config, ignored).string(),
          .cluster_name = flags.cluster_name,
          .overrides = {flags.min_workers, flags.max_workers},
          .autoscaler = flags.autoscaler};
}

void declare_change(Flags& flags, ChangeFlags& target) {
  flags.flag("-y,--yes", target.yes);
  flags.duration("--lock-timeout", target.lock_timeout);
  flags.value("--parallelism", target.parallelism);
}

ChangeRequest request_of(const std::string& command, const ClusterFlags& cluster,
                         const ChangeFlags& change, const Goal& goal) {
  return {.command = command,
          .subject = cluster.config,
          .yes = change.yes,
          .lock_timeout = change.lock_timeout,
          .parallelism = std::max(1, change.parallelism),
          .goal = goal,
          .source = source_of(cluster)};
}

Result<std::unique_ptr<Cluster>> open_for_change(Session& session, const ClusterFlags& flags,
                                                 bool destroy) {
  Result<Config> config = load_config(session, flags, !destroy);
  if (!config) return config.error();
  if (!destroy) {
    check_secrets(session, *config);
    if (has_errors(session.diagnostics)) return config_error(session, flags.config);
  }
  ClusterPaths paths = cluster_paths(config->cluster, flags.state);
  return Cluster::open(session, *std::move(config), paths);
}

Result<std::unique_ptr<Cluster>> open_cluster(Session& session, const ClusterFlags& flags) {
  Result<Config> config = load_config(session, flags, false);
  if (!config) return config.error();
  session.diagnostics.clear();  // warnings are for those who plan
  ClusterPaths paths = cluster_paths(config->cluster, flags.state);
  return Cluster::open(session, *std::move(config), paths);
}

}  // namespace rayctl
