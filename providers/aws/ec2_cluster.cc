#include "providers/aws/ec2_cluster.h"

#include <algorithm>

#include "base/text.h"

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
      launching_(*api_, settings_.clock, ec2_, tagging_),
      resources_(*api_, settings_.clock, resource_settings(region)),
      instance_types_(*api_, settings_.clock,
                      settings_.cache / ("aws-instance-types-" + region + ".json")) {}

ResourceSettings Ec2Cluster::resource_settings(const std::string& region) {
  return {.wanted = wanted_resources(settings_.config, facts_),
          .home = settings_.home,
          .region = region,
          .security_group = {.vpc_id = [this](Time deadline) { return vpc(deadline); },
                             .my_address = [this](Time deadline) { return my_address(deadline); },
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

Result<std::string> Ec2Cluster::my_address(Time deadline) {
  if (ec2_.use_internal_ips) {
    return permanent(ErrorCode::kNotSupported,
                     "with use_internal_ips, the address by which machines see this one can only "
                     "be said");
  }
  const std::string url = settings_.config.rayctl.address_url.value_or(kAddressUrl);
  if (url.empty()) return permanent(ErrorCode::kNotSupported, "rayctl.address_url is empty");
  const Time patience = std::min(deadline, settings_.clock.now() + Millis{5'000});
  Result<HttpResponse> answer = http_->send({.url = url}, patience);
  if (!answer) return in_context(answer.error(), "asking " + url + " for this machine's address");
  if (answer->status != 200) {
    return permanent(ErrorCode::kProviderRefused,
                     url + " answered with status " + std::to_string(answer->status));
  }
  return std::string(trim(answer->body));
}

Result<std::vector<std::string>> Ec2Cluster::subnet_ids(const Json& node_config, Time deadline) {
  Result<std::vector<Place>> places = launching_.subnets().places(node_config, ec2_, deadline);
  if (!places) return places.error();
  std::vector<std::string> ids;
  for (const Place& place : *places)
    ids.push_back(place.subnet);
  return ids;
}

Result<Json> Ec2Cluster::completed(const Json& node_config, bool head, const ResourceScope& scope,
                                   Time deadline) {
  const std::vector<ResourceSpec> wanted = wanted_resources(settings_.config, facts_);
  const auto wants = [&](const char* name) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const ResourceSpec& spec) { return spec.name.text == name; });
  };
  KnownIds ids = resources_.ids();
  const bool missing = (wants(kKeyPairResource) && ids.key_name.empty()) ||
                       (wants(kSecurityGroupResource) && ids.security_group.empty()) ||
                       (wants(kInstanceProfileResource) && ids.instance_profile_arn.empty());
  if (missing) {
    Result<SeenResources> seen = resources_.list(scope, deadline);
    if (!seen) return seen.error();
    ids = resources_.ids();
  }
  return completed_node_config(node_config, head, ids);
}

}  // namespace rayctl::aws
