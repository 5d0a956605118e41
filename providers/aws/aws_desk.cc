#include "providers/aws/aws_desk.h"

#include <utility>

#include "base/text.h"
#include "providers/aws/ec2_cluster.h"
#include "providers/aws/iam.h"
#include "providers/aws/images.h"
#include "providers/aws/instances.h"
#include "providers/aws/orphans.h"
#include "providers/aws/wanted_resources.h"
#include "providers/key_files.h"

namespace rayctl::aws {
namespace {

TaggedThing shown(const Orphan& orphan) {
  return {.kind = kind_text(orphan.kind),
          .id = orphan.id,
          .name = orphan.name,
          .cluster = orphan.cluster,
          .cluster_id = orphan.cluster_id};
}

/// "ray-autoscaler-v1" of "arn:aws:iam::123456789012:instance-profile/ray-autoscaler-v1".
std::string name_in_arn(const std::string& arn) {
  return arn.substr(arn.rfind('/') + 1);
}

Json node_config_of(const Ec2Instance& instance) {
  Json config = {{"InstanceType", instance.type}, {"ImageId", instance.image}};
  if (!instance.key_name.empty()) config["KeyName"] = instance.key_name;
  if (!instance.subnet.empty()) config["SubnetIds"] = {instance.subnet};
  if (!instance.groups.empty()) config["SecurityGroupIds"] = instance.groups;
  if (!instance.profile_arn.empty()) {
    config["IamInstanceProfile"] = {{"Arn", instance.profile_arn}};
  }
  if (instance.spot) config["InstanceMarketOptions"] = {{"MarketType", "spot"}};
  return config;
}

class AwsDesk final : public CloudDesk {
 public:
  explicit AwsDesk(std::shared_ptr<Ec2Cluster> cluster) : cluster_(std::move(cluster)) {}

  Result<std::vector<AccessRule>> list_access(const ResourceScope& scope, Time deadline) override {
    Result<std::vector<SshAccess>> found = cluster_->resources().list_access(scope, deadline);
    if (!found) return found.error();
    std::vector<AccessRule> rules;
    for (const SshAccess& each : *found)
      rules.push_back({.cidr = each.cidr, .who = each.who});
    return rules;
  }
  Result<> add_access(const ResourceScope& scope, const AccessRule& rule, Time deadline) override {
    return cluster_->resources().add_access(scope, rule.cidr, rule.who, deadline);
  }
  Result<int> remove_access(const ResourceScope& scope, const std::string& cidr_or_who,
                            Time deadline) override {
    Result<std::vector<SshAccess>> removed =
        cluster_->resources().remove_access(scope, cidr_or_who, deadline);
    if (!removed) return removed.error();
    return static_cast<int>(removed->size());
  }

  Result<std::vector<TaggedThing>> list_tagged(Time deadline) override {
    Result<std::vector<Orphan>> orphans =
        find_orphans(cluster_->api(), cluster_->clock(), deadline);
    if (!orphans) return orphans.error();
    std::vector<TaggedThing> things;
    for (const Orphan& each : *orphans)
      things.push_back(shown(each));
    return things;
  }

  Result<> remove_tagged(const std::vector<TaggedThing>& things, Time deadline) override {
    Result<std::vector<Orphan>> orphans =
        find_orphans(cluster_->api(), cluster_->clock(), deadline);
    if (!orphans) return orphans.error();
    std::erase_if(*orphans, [&](const Orphan& orphan) {
      return std::find(things.begin(), things.end(), shown(orphan)) == things.end();
    });
    const auto stayed = remove_orphans(cluster_->api(), cluster_->clock(), cluster_->home(),
                                       *std::move(orphans), deadline);
    if (stayed.empty()) return {};
    std::vector<std::string> left;
    for (const auto& [orphan, why] : stayed)
      left.push_back(orphan.id + " (" + why.message + ")");
    return unknown_outcome(ErrorCode::kTerminateFailed, "still there: " + join(left, "; "));
  }

  std::vector<RightsDocument> rights() override {
    const PolicyFacts facts = policy_facts(cluster_->config(), cluster_->facts());
    std::vector<RightsDocument> documents = {{"operator", operator_policy(facts)}};
    if (facts.head_manages) documents.push_back({"head", head_policy(facts)});
    return documents;
  }

  // What Ray's bootstrap_aws (2.60, autoscaler/_private/aws/config.py) fills in is read off the
  // machine; the subnets, of which a machine shows only its own, are computed as Ray does.
  Result<std::optional<RayLaunch>> ray_launch(const CloudNode& node, const Json& node_config,
                                              Time deadline) override {
    Reply<std::vector<Ec2Instance>> found = instances_by_id(cluster_->api(), {node.id}, deadline);
    if (!found) return found.value.error();
    if (found->empty()) return std::optional<RayLaunch>();
    const Ec2Instance& instance = found->front();
    RayLaunch launch{.node_config = node_config,
                     .private_key = key_file(cluster_->home(), instance.key_name).string(),
                     .images = {}};
    Json& config = launch.node_config;
    const std::string image = config.value("ImageId", kNewestImage);
    if (!image_parameter(image).empty()) {
      config["ImageId"] = instance.image;
      launch.images[image] = instance.image;
    }
    if (!config.contains("KeyName") && !instance.key_name.empty()) {
      config["KeyName"] = instance.key_name;
    }
    if (!config.contains("SubnetIds")) {
      Result<std::vector<std::string>> subnets = cluster_->subnet_ids(config, deadline);
      if (!subnets) return subnets.error();
      config["SubnetIds"] = *subnets;
    }
    if (!config.contains("SecurityGroupIds")) config["SecurityGroupIds"] = instance.groups;
    if (node.head && !config.contains("IamInstanceProfile") && !instance.profile_arn.empty()) {
      config["IamInstanceProfile"] = {{"Arn", instance.profile_arn}};
    }
    return std::optional(std::move(launch));
  }

  Result<std::vector<LaunchFacts>> launch_facts(const ClusterName& cluster,
                                                Time deadline) override {
    Reply<std::vector<Ec2Instance>> found = instances_of(cluster_->api(), cluster, deadline);
    if (!found) return found.value.error();
    std::vector<LaunchFacts> facts;
    for (const Ec2Instance& instance : *found.value) {
      const Power power = instance.node.power;
      if (power != Power::kPending && power != Power::kRunning) continue;
      facts.push_back({instance.node, node_config_of(instance)});
    }
    return facts;
  }

  Result<std::map<ResourceName, ResourceRecord>> used_by(const CloudNode& node,
                                                         Time deadline) override {
    std::map<ResourceName, ResourceRecord> used;
    Reply<std::vector<Ec2Instance>> found = instances_by_id(cluster_->api(), {node.id}, deadline);
    if (!found) return found.value.error();
    if (found->empty()) return used;
    const Ec2Instance& instance = found->front();
    const auto use = [&](const char* name, const std::string& title, const std::string& id) {
      if (title.empty()) return;
      used[{name}] = {
          .provider = cluster_->config().provider, .title = title, .id = id, .needs = {}};
    };
    use(kKeyPairResource, instance.key_name, "");
    if (instance.profile_arn.empty()) return used;
    const std::string profile = name_in_arn(instance.profile_arn);
    use(kInstanceProfileResource, profile, instance.profile_arn);
    const ResourceScope nothing_known;
    Result<IamSeen> seen = find_instance_profile(
        {cluster_->api(), cluster_->clock(), nothing_known, deadline}, {{"profile_name", profile}});
    if (!seen) return seen.error();
    if (!seen->roles.empty()) use(kRoleResource, seen->roles.front(), "");
    return used;
  }

 private:
  const std::shared_ptr<Ec2Cluster> cluster_;
};

}  // namespace

std::unique_ptr<CloudDesk> make_aws_desk(std::shared_ptr<Ec2Cluster> cluster) {
  return std::make_unique<AwsDesk>(std::move(cluster));
}

}  // namespace rayctl::aws
