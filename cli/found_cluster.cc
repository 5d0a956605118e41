#include "cli/found_cluster.h"

#include <algorithm>
#include <ostream>

#include "applier/secrets.h"
#include "cli/ray_tags.h"
#include "model/json_text.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};

/// The config with the key that Ray's launcher takes where the file names none.
Config with_key(Config config, const std::string& private_key) {
  if (text_in(config.auth, "ssh_private_key").empty()) {
    config.auth["ssh_private_key"] = private_key;
  }
  return config;
}

}  // namespace

Result<LaunchedAs> launched_as(Session& session, Cluster& cluster,
                               const std::vector<CloudNode>& machines, Config& config) {
  LaunchedAs found;
  const Time deadline = session.clock.now() + kCall;
  std::map<std::string, std::string> running;
  if (Result<CloudDesk*> desk = cluster.desk()) {
    for (const CloudNode& machine : machines) {
      if (machine.power != Power::kRunning) continue;
      const NodeTypeConfig* type =
          config.find(machine.type.value_or(machine.head ? config.head_type : NodeTypeName{}));
      if (type == nullptr) continue;
      Result<std::optional<RayLaunch>> launch =
          (*desk)->ray_launch(machine, type->node_config, deadline);
      if (!launch) return launch.error();
      if (!*launch) continue;
      const RayLaunch& by_ray = **launch;
      running.insert(by_ray.images.begin(), by_ray.images.end());
      found.tags[type->name].merge(
          ray_launch_tags(with_key(config, by_ray.private_key), by_ray.node_config));
    }
  }
  Result<std::map<std::string, std::string>> images =
      cluster.world()
          .provider(config.provider)
          .resolve_images(node_configs_of(config), running, deadline);
  if (!images) return in_context(images.error(), "looking up images");
  found.images = *std::move(images);
  return found;
}

void add_ray_tags(Session& session, Cluster& cluster, const Desired& desired, RayLaunchTags& tags) {
  Plan all;
  all.specs = desired.specs;
  Result<Secrets> secrets = Secrets::resolve(all, cluster.world());
  if (!secrets) {
    session.io.err << "Ray's launch digests are not compared: " << secrets.error().message << "\n";
    return;
  }
  for (const auto& [type, spec] : desired.specs)
    tags[type].merge(ray_launch_tags(cluster.config(), secrets->reveal(spec.launch)));
}

Result<> find_resources(Session& session, Cluster& cluster, const Snapshot& previous,
                        const std::vector<CloudNode>& machines, Rebuilt& rebuilt) {
  Snapshot& snapshot = rebuilt.snapshot;
  const Time deadline = session.clock.now() + kCall;
  ResourceScope scope{.cluster = snapshot.cluster,
                      .cluster_id = snapshot.cluster_id,
                      .known = {},
                      .thorough = true};
  if (previous.cluster_id == snapshot.cluster_id) scope.known = previous.resources;
  if (Result<CloudDesk*> desk = cluster.desk()) {
    for (const CloudNode& machine : machines) {
      if (!machine.head || machine.power != Power::kRunning) continue;
      Result<std::map<ResourceName, ResourceRecord>> used = (*desk)->used_by(machine, deadline);
      if (!used) return used.error();
      scope.known.insert(used->begin(), used->end());
    }
  }
  Result<SeenResources> found =
      cluster.world().provider(cluster.config().provider).list_resources(scope, deadline);
  if (!found) return in_context(found.error(), "looking at what is beside machines");
  for (const SeenResource& seen : found->seen) {
    const auto spec =
        std::find_if(found->wanted.begin(), found->wanted.end(),
                     [&](const ResourceSpec& each) { return each.name == seen.name; });
    if (spec == found->wanted.end()) continue;
    snapshot.resources[seen.name] = {.provider = spec->provider,
                                     .title = seen.title,
                                     .id = seen.id,
                                     .ours = seen.cluster == snapshot.cluster_id,
                                     .needs = spec->needs};
  }
  return {};
}

}  // namespace rayctl
