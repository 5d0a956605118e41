#pragma once
#include <memory>
#include <string>

#include "net/http_client.h"
#include "providers/aws/aws_provider.h"
#include "providers/aws/client.h"
#include "providers/aws/ending.h"
#include "providers/aws/instance_types.h"
#include "providers/aws/launching.h"
#include "providers/aws/resources.h"
#include "providers/aws/tagging.h"

namespace rayctl::aws {

/// Everything of one cluster in AWS, put together: what its Provider and its CloudDesk share.
/// Thread-safe.
class Ec2Cluster {
 public:
  Ec2Cluster(AwsSettings settings, const std::string& region);

  Api& api() { return *api_; }
  Clock& clock() { return settings_.clock; }
  const Config& config() const { return settings_.config; }
  const std::string& home() const { return settings_.home; }
  Tagging& tagging() { return tagging_; }
  Ending& ending() { return ending_; }
  Launching& launching() { return launching_; }
  Resources& resources() { return resources_; }
  InstanceTypes& instance_types() { return instance_types_; }
  const WantedFacts& facts() const { return facts_; }

  /// The node config with the ids of the cluster's resources, which are looked up unless this run
  /// has seen them or they are recorded. A key pair is then the one that the cluster's head has:
  /// its private half need not be on this machine.
  Result<Json> completed(const Json& node_config, bool head, ResourceScope scope, Time deadline);
  /// The ids of the subnets that machines of this node config may be put into, best first.
  Result<std::vector<std::string>> subnet_ids(const Json& node_config, Time deadline);

 private:
  ResourceSettings resource_settings(const std::string& region);
  Result<std::string> vpc(Time deadline);
  /// The cluster's key pair by its head that runs; "" where there is none, or none of the
  /// cluster's.
  Result<std::string> key_pair_in_use(const ResourceScope& scope, Time deadline);

  const AwsSettings settings_;
  const WantedFacts facts_;
  const Ec2Settings ec2_;
  std::unique_ptr<HttpClient> http_;  ///< for what is no call of AWS
  std::unique_ptr<Client> api_;
  Tagging tagging_;
  Ending ending_;
  Launching launching_;
  Resources resources_;
  InstanceTypes instance_types_;
};

}  // namespace rayctl::aws
