#include "providers/aws/aws_provider.h"

#include <utility>

#include "providers/aws/aws_desk.h"
#include "providers/aws/ec2_cluster.h"
#include "providers/aws/images.h"
#include "providers/aws/instances.h"

namespace rayctl::aws {
namespace {

class AwsProvider final : public Provider {
 public:
  explicit AwsProvider(std::shared_ptr<Ec2Cluster> cluster) : cluster_(std::move(cluster)) {}

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override {
    Reply<std::vector<Ec2Instance>> instances = instances_of(cluster_->api(), cluster, deadline);
    if (!instances) return instances.value.error();
    std::vector<CloudNode> nodes;
    nodes.reserve(instances->size());
    for (Ec2Instance& instance : *instances.value) {
      // A recorded one is known to be gone, however young; the names of those that ended long ago
      // are free.
      if (instance.node.power == Power::kGone) instance.node.name.reset();
      nodes.push_back(std::move(instance.node));
    }
    return nodes;
  }

  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override {
    const auto id = request.tags.find(kTagClusterId);
    const ResourceScope scope{.cluster = request.cluster,
                              .cluster_id = {id == request.tags.end() ? "" : id->second},
                              .known = request.resources};
    Result<Json> node_config =
        cluster_->completed(request.spec->launch, request.spec->head, scope, deadline);
    if (!node_config) return node_config.error();
    return cluster_->launching().launch(request, *node_config, deadline);
  }

  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override {
    return cluster_->tagging().set(id, tags, deadline).value;
  }
  Result<> terminate(const CloudId& id, Time deadline) override {
    return cluster_->ending().terminate(id, deadline);
  }
  Result<> release(const CloudId& id, Time deadline) override {
    return cluster_->ending().release(id, deadline);
  }

  Result<SeenResources> list_resources(const ResourceScope& scope, Time deadline) override {
    return cluster_->resources().list(scope, deadline);
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
    for (Json* node_config : node_configs) {
      // Without an image, Ray takes the newest one of AWS for deep learning.
      if (!node_config->contains("ImageId") && !node_config->contains("LaunchTemplate")) {
        (*node_config)["ImageId"] = kNewestImage;
      }
    }
    return aws::resolve_images(cluster_->api(), node_configs, pinned, deadline);
  }

  Result<Json> launch_config(const Json& node_config, bool head, Time deadline) override {
    const ResourceScope scope{.cluster = cluster_->config().cluster, .cluster_id = {}, .known = {}};
    Result<Json> completed = cluster_->completed(node_config, head, scope, deadline);
    if (!completed) return completed;
    Result<std::vector<std::string>> subnets = cluster_->subnet_ids(*completed, deadline);
    if (!subnets) return subnets.error();
    if (!completed->contains("SubnetId")) (*completed)["SubnetIds"] = *subnets;
    return completed;
  }

  Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time deadline) override {
    std::vector<std::string> types;
    for (const Json& node_config : node_configs)
      types.push_back(node_config.value("InstanceType", ""));
    return cluster_->instance_types().offers(types, deadline);
  }

 private:
  const std::shared_ptr<Ec2Cluster> cluster_;
};

}  // namespace

Result<AwsParts> make_aws(AwsSettings settings) {
  const std::string region = settings.config.provider_settings.value("region", "");
  if (region.empty()) {
    return permanent(ErrorCode::kConfigInvalid,
                     "provider.region is missing: say where machines are");
  }
  auto cluster = std::make_shared<Ec2Cluster>(std::move(settings), region);
  return AwsParts{.provider = std::make_unique<AwsProvider>(cluster),
                  .desk = make_aws_desk(cluster),
                  .key_file = [cluster] { return cluster->resources().key_file(); }};
}

}  // namespace rayctl::aws
