#include "providers/gcp/gcp_provider.h"

#include <utility>

#include "model/json_text.h"
#include "providers/gcp/alternatives.h"
#include "providers/gcp/gce_cluster.h"
#include "providers/gcp/gcp_desk.h"
#include "providers/gcp/images.h"
#include "providers/gcp/node_config.h"

namespace rayctl::gcp {
namespace {

class GcpProvider final : public Provider {
 public:
  explicit GcpProvider(std::shared_ptr<GceCluster> cluster) : cluster_(std::move(cluster)) {}

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override {
    return cluster_->list(cluster, deadline);
  }
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override {
    return cluster_->launch(request, deadline);
  }
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override {
    if (is_tpu_id(id)) return cluster_->tpus().set_tags(id, tags, {}, deadline);
    return done(cluster_->labelling().change(id, tags, {}, deadline));
  }
  Result<> terminate(const CloudId& id, Time deadline) override {
    if (is_tpu_id(id)) return cluster_->tpus().terminate(id, deadline);
    return cluster_->ending().terminate(id, deadline);
  }
  Result<> release(const CloudId& id, Time deadline) override {
    if (is_tpu_id(id)) return cluster_->tpus().terminate(id, deadline);
    return cluster_->ending().release(id, deadline);
  }

  Result<SeenResources> list_resources(const ResourceScope& scope, Time deadline) override {
    Result<SeenResources> seen = cluster_->resources().list(scope, deadline);
    if (!seen) return seen;
    for (Diagnostic& mistake : mistakes())
      seen->blocked.push_back(std::move(mistake));
    return seen;
  }
  Result<SeenResource> make_resource(const ResourceScope& scope, const ResourceSpec& spec,
                                     Time deadline) override {
    return cluster_->resources().make(scope, spec, deadline);
  }
  Result<> remove_resource(const ResourceScope& scope, const ResourceName& name,
                           Time deadline) override {
    return cluster_->resources().remove(scope, name, deadline);
  }

  Result<std::map<std::string, std::string>> resolve_images(
      std::vector<Json*> node_configs, const std::map<std::string, std::string>& pinned,
      Time deadline) override {
    return gcp::resolve_images(cluster_->api(), cluster_->place(), node_configs, pinned, deadline);
  }
  Result<Json> launch_config(const Json& node_config, bool head, Time deadline) override {
    return cluster_->completed(node_config, head, deadline);
  }
  Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time deadline) override {
    return cluster_->machine_types().offers(node_configs, deadline);
  }

 private:
  /// What no launch could be made of, so that a plan says it and not the launch.
  std::vector<Diagnostic> mistakes() const {
    std::vector<Diagnostic> found;
    if (const GcePlace& place = cluster_->place(); place.zones.empty()) {
      found.push_back({.summary = "provider.availability_zone is missing: nothing can be launched",
                       .remedy = "say in which zone of " + place.region + ", for example " +
                                 place.region + "-a"});
    }
    for (const NodeTypeConfig& type : cluster_->config().node_types) {
      const Result<> sound = check_node_config(type.node_config);
      if (sound) continue;
      found.push_back({.summary = "node type " + type.name.text + ": " + sound.error().message,
                       .where = type.where,
                       .code = sound.error().code});
    }
    return found;
  }
  static Result<> done(const Reply<std::monostate>& reply) {
    if (!reply) return reply.value.error();
    return {};
  }

  const std::shared_ptr<GceCluster> cluster_;
};

Result<GcePlace> place_in(const Json& provider) {
  GcePlace place{.project = text_in(provider, "project_id"),
                 .region = text_in(provider, "region"),
                 .zones = read_zones(provider.value("availability_zone", Json()))};
  if (place.region.empty()) {
    return permanent(ErrorCode::kConfigInvalid,
                     "provider.region is missing: say where machines are, such as us-west1");
  }
  for (const std::string& zone : place.zones) {
    if (zone.starts_with(place.region + "-")) continue;
    return permanent(ErrorCode::kConfigInvalid, "provider.availability_zone " + zone +
                                                    " is not in provider.region " + place.region);
  }
  return place;
}

std::unique_ptr<Client> client_of(const GcpSettings& settings) {
  const Json& provider = settings.config.provider_settings;
  return make_api({.env = settings.env,
                   .given = provider.value("gcp_credentials", Json()),
                   .impersonate = settings.impersonate,
                   .run = settings.run,
                   .clock = &settings.clock,
                   .http = nullptr,
                   .random = {},
                   .stop = {}});
}

}  // namespace

Result<GcpParts> make_gcp(GcpSettings settings) {
  Result<GcePlace> place = place_in(settings.config.provider_settings);
  if (!place) return place.error();
  std::unique_ptr<Client> api = client_of(settings);
  const Result<Project> project =
      api->project(place->project, settings.clock.now() + Millis{10'000});
  if (!project) return project.error();
  place->project = project->id;
  const auto cluster =
      std::make_shared<GceCluster>(std::move(settings), std::move(api), *std::move(place));
  return GcpParts{.provider = std::make_unique<GcpProvider>(cluster),
                  .desk = make_gcp_desk({.api = cluster->api(),
                                         .clock = cluster->clock(),
                                         .resources = cluster->resources(),
                                         .config = cluster->config(),
                                         .facts = cluster->facts(),
                                         .home = cluster->home(),
                                         .owner = cluster}),
                  .key_file = [cluster] { return cluster->resources().key_file(); }};
}

}  // namespace rayctl::gcp
