#include "providers/gcp/gce_cluster.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/instance_body.h"
#include "providers/gcp/instance_template.h"
#include "providers/gcp/instances.h"
#include "providers/own_address.h"

namespace rayctl::gcp {
namespace {

bool flag(const Json& section, const char* key) {
  const auto found = section.find(key);
  return found != section.end() && found->is_boolean() && found->get<bool>();
}

WantedFacts wanted_facts(const Config& config, GcePlace place) {
  return {.place = std::move(place),
          .ssh_cidr = config.rayctl.ssh_cidr,
          .head_manages = config.rayctl.autoscaler == AutoscalerKind::kRayctl ||
                          config.rayctl.autoscaler == AutoscalerKind::kRay};
}

GceSettings gce_settings(const Config& config) {
  const Json& provider = config.provider_settings;
  return {.spot_fallback = config.rayctl.spot_fallback,
          .cache_stopped = flag(provider, "cache_stopped_nodes")};
}

bool has_tpus(const Config& config) {
  return std::any_of(config.node_types.begin(), config.node_types.end(),
                     [](const NodeTypeConfig& type) { return is_tpu(type.node_config); });
}

}  // namespace

GceCluster::GceCluster(GcpSettings settings, std::unique_ptr<Client> api, GcePlace place)
    : settings_(std::move(settings)),
      facts_(wanted_facts(settings_.config, std::move(place))),
      gce_(gce_settings(settings_.config)),
      http_(make_http_client({.env = settings_.env}, settings_.clock)),
      api_(std::move(api)),
      index_(*api_, facts_.place),
      labelling_(*api_, settings_.clock, index_),
      ending_(*api_, settings_.clock, index_, labelling_, gce_),
      tpus_(*api_, settings_.clock, facts_.place),
      launching_(*api_, settings_.clock, gce_, index_, labelling_, tpus_),
      resources_(*api_, settings_.clock, resource_settings_of_run()),
      machine_types_(*api_, settings_.clock, facts_.place,
                     settings_.cache / ("gcp-machine-types-" + facts_.place.region + ".json")) {}

ResourceSettings GceCluster::resource_settings_of_run() {
  ResourceSettings settings = resource_settings(settings_.config, facts_);
  settings.home = settings_.home;
  settings.who = settings_.who;
  settings.my_address = [this](Time deadline) {
    return own_address(settings_.config, *http_, settings_.clock, deadline);
  };
  return settings;
}

Result<std::vector<CloudNode>> GceCluster::list_tpus(const ClusterName& cluster, Time deadline) {
  const Reply<std::vector<TpuNode>> tpus = tpus_.list(cluster, deadline);
  std::vector<CloudNode> nodes;
  if (!tpus) {
    const ErrorClass kind = meaning_of(tpus.api.reason, tpus.api.status).kind;
    const bool closed = kind == ErrorClass::kApiDisabled || kind == ErrorClass::kUnauthorized;
    // Who has no way to make one has none.
    if (closed && !has_tpus(settings_.config)) return nodes;
    return tpus.value.error();
  }
  for (const TpuNode& tpu : *tpus)
    nodes.push_back(tpu.node);
  return nodes;
}

Result<std::vector<CloudNode>> GceCluster::list(const ClusterName& cluster, Time deadline) {
  Result<std::vector<CloudNode>> tpus = std::vector<CloudNode>{};
  std::jthread beside([&] { tpus = list_tpus(cluster, deadline); });
  Reply<std::vector<GceInstance>> instances = instances_of(*api_, facts_.place, cluster, deadline);
  beside.join();
  if (!instances) return instances.value.error();
  if (!tpus) return tpus.error();
  index_.keep(*instances);
  std::vector<CloudNode> nodes = *std::move(tpus);
  nodes.reserve(nodes.size() + instances->size());
  for (GceInstance& instance : *instances.value)
    nodes.push_back(std::move(instance.node));
  return nodes;
}

Result<std::vector<CloudNode>> GceCluster::launch(const LaunchRequest& request, Time deadline) {
  const Json& node_config = request.spec->launch;
  if (Result<> good = check_node_config(node_config); !good) return good.error();
  const auto id = request.tags.find(kTagClusterId);
  const ResourceScope scope{.cluster = request.cluster,
                            .cluster_id = {id == request.tags.end() ? "" : id->second},
                            .known = request.resources};
  Result<LaunchParts> parts = resources_.for_launch(scope, request.spec->head, deadline);
  if (!parts) return parts.error();
  const std::string line = settings_.worker_key ? settings_.worker_key() : "";
  if (!line.empty()) {
    parts->ssh_keys.push_back(settings_.config.auth.value("ssh_user", "") + ":" + line);
  }
  Result<Json> properties = template_of(node_config, deadline);
  if (!properties) return properties.error();
  const LaunchPlan plan{.node_config = node_config,
                        .parts = *std::move(parts),
                        .template_properties = *std::move(properties)};
  return launching_.launch(request, plan, deadline);
}

Result<Json> GceCluster::template_of(const Json& node_config, Time deadline) {
  const std::string name = instance_template_of(node_config);
  if (name.empty()) return Json();
  return template_properties(*api_, facts_.place, name, deadline).value;
}

Result<Json> GceCluster::completed(const Json& node_config, bool head, Time deadline) {
  const ResourceScope scope{.cluster = settings_.config.cluster, .cluster_id = {}, .known = {}};
  Result<LaunchParts> parts = resources_.for_launch(scope, head, deadline);
  if (!parts) return parts.error();
  Result<Json> properties = template_of(node_config, deadline);
  if (!properties) return properties.error();
  return completed_node_config(node_config, head, *parts, *properties);
}

}  // namespace rayctl::gcp
