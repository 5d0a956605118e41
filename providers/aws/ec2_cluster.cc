#include "providers/aws/ec2_cluster.h"

#include <algorithm>

#include "base/text.h"
#include "providers/aws/instances.h"
#include "providers/own_address.h"

namespace rayctl::aws {
namespace {

bool flag(const Json& section, const char* key, bool otherwise = false) {
  const auto found = section.find(key);
  return found != section.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

WantedFacts wanted_facts(const Config& config, const std::string& region) {
  return {.region = region,
          .ssh_cidr = config.rayctl.ssh_cidr,
          .head_manages = config.rayctl.autoscaler != AutoscalerKind::kNone,
          .templates = {}};
}

Ec2Settings ec2_settings(const Config& config) {
  const Json& provider = config.provider_settings;
  return {.zones = read_zones(provider.value("availability_zone", Json())),
          .use_internal_ips = flag(provider, "use_internal_ips"),
          .spot_fallback = config.rayctl.spot_fallback,
          // Ray's default.
          .cache_stopped = flag(provider, "cache_stopped_nodes", true)};
}

/// provider.aws_credentials, where the config has them.
std::optional<SigningKey> given_key(const Config& config) {
  const auto section = config.provider_settings.find("aws_credentials");
  if (section == config.provider_settings.end() || !section->is_object()) return std::nullopt;
  return SigningKey{.access_key = section->value("aws_access_key_id", ""),
                    .secret_key = section->value("aws_secret_access_key", ""),
                    .session_token = section->value("aws_session_token", "")};
}

ApiSettings api_settings(const AwsSettings& settings, const std::string& region) {
  return {.region = region,
          .env = settings.env,
          .given = given_key(settings.config),
          .run = settings.run,
          .clock = &settings.clock,
          .http = nullptr,
          .random = {},
          .stop = {}};
}

}  // namespace

Ec2Cluster::Ec2Cluster(AwsSettings settings, const std::string& region)
    : settings_(std::move(settings)),
      facts_(wanted_facts(settings_.config, region)),
      ec2_(ec2_settings(settings_.config)),
      http_(make_http_client({.env = settings_.env}, settings_.clock)),
      api_(make_api(api_settings(settings_, region))),
      tagging_(*api_, settings_.clock),
      ending_(*api_, ec2_, tagging_),
      launching_(*api_, settings_.clock, ec2_, tagging_, settings_.worker_key),
      resources_(*api_, settings_.clock, resource_settings(region)),
      instance_types_(*api_, settings_.clock,
                      settings_.cache / ("aws-instance-types-" + region + ".json")) {}

ResourceSettings Ec2Cluster::resource_settings(const std::string& region) {
  return {.wanted = wanted_resources(settings_.config, facts_),
          .home = settings_.home,
          .region = region,
          .security_group = {.vpc_id = [this](Time deadline) { return vpc(deadline); },
                             .my_address =
                                 [this](Time deadline) {
                                   return own_address(settings_.config, *http_, settings_.clock,
                                                      deadline);
                                 },
                             .who = settings_.who}};
}

Result<std::string> Ec2Cluster::vpc(Time deadline) {
  const NodeTypeConfig* head = settings_.config.find(settings_.config.head_type);
  Result<std::vector<std::string>> ids =
      subnet_ids(head == nullptr ? Json::object() : head->node_config, deadline);
  if (!ids) return ids.error();
  Result<std::vector<Subnet>> all = launching_.subnets().all(deadline);
  if (!all) return all.error();
  for (const Subnet& subnet : *all) {
    if (!ids->empty() && subnet.id == ids->front()) return subnet.vpc;
  }
  return permanent(ErrorCode::kProviderRefused, "no subnet of the region can be used");
}

Result<std::vector<std::string>> Ec2Cluster::subnet_ids(const Json& node_config, Time deadline) {
  Result<std::vector<Place>> places = launching_.subnets().places(node_config, ec2_, deadline);
  if (!places) return places.error();
  std::vector<std::string> ids;
  for (const Place& place : *places)
    ids.push_back(place.subnet);
  return ids;
}

Result<Json> Ec2Cluster::completed(const Json& node_config, bool head, ResourceScope scope,
                                   Time deadline) {
  if (!scope.known.contains({kKeyPairResource}) && resources_.ids().key_name.empty()) {
    Result<std::string> pair = key_pair_in_use(scope, deadline);
    if (!pair) return pair.error();
    if (!pair->empty()) scope.known[{kKeyPairResource}].title = *pair;
  }
  Result<KnownIds> ids = resources_.ids_for_launch(scope, head, deadline);
  if (!ids) return ids.error();
  return completed_node_config(node_config, head, *ids);
}

Result<std::string> Ec2Cluster::key_pair_in_use(const ResourceScope& scope, Time deadline) {
  const NodeTypeConfig* type = settings_.config.find(settings_.config.head_type);
  const bool own = type == nullptr || !type->node_config.is_object() ||
                   type->node_config.contains("KeyName") ||
                   type->node_config.contains("LaunchTemplate");
  if (own) return std::string();
  Reply<std::vector<Ec2Instance>> all = instances_of(*api_, scope.cluster, deadline);
  if (!all) return all.value.error();
  for (const Ec2Instance& instance : *all) {
    const CloudNode& node = instance.node;
    const bool ours =
        node.cluster && (scope.cluster_id.empty() || *node.cluster == scope.cluster_id);
    if (ours && node.head && node.power == Power::kRunning) return instance.key_name;
  }
  return std::string();
}

}  // namespace rayctl::aws
