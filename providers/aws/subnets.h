#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/json.h"
#include "providers/aws/alternatives.h"
#include "providers/aws/api.h"
#include "providers/aws/ec2_types.h"

namespace rayctl::aws {

/// A subnet as EC2 describes it.
struct Subnet {
  std::string id, vpc, zone, state;
  bool public_ip = false;  ///< a machine in it gets a public address
  bool operator==(const Subnet&) const = default;
};

/// What subnets a node type may use.
struct SubnetWish {
  /// SubnetIds of the YAML, all of which must do; nullopt: any of the region.
  std::optional<std::vector<std::string>> given;
  std::vector<std::string> zones;  ///< empty: any
  std::string vpc;                 ///< "": any, but all of the choice are in one
  bool internal = false;           ///< without public addresses
};

/// The subnets that Ray 2.60 would use, in its order (_configure_subnet): those that are available,
/// public (unless `internal`), in the VPC and the zones, all in one VPC; by zone from z to a, or as
/// `zones` has them; given ones as given. kPermanent, with what there is, where that is none.
Result<std::vector<Subnet>> usable_subnets(const std::vector<Subnet>& all, const SubnetWish& wish);

/// What a node_config itself says of its subnets: SubnetIds, SubnetId, or those of its
/// NetworkInterfaces.
std::optional<std::vector<std::string>> given_subnets(const Json& node_config);

/// Looks subnets and groups up, once each. Thread-safe.
class Subnets {
 public:
  explicit Subnets(Api& api) : api_(api) {}
  /// All of the region.
  Result<std::vector<Subnet>> all(Time deadline);
  /// The one VPC of these security groups; kPermanent if there is none or more than one.
  Result<std::string> vpc_of(const std::vector<std::string>& groups, Time deadline);
  /// usable_subnets for a completed node_config: in the VPC of its SecurityGroupIds.
  Result<std::vector<Place>> places(const Json& node_config, const Ec2Settings& settings,
                                    Time deadline);

 private:
  Api& api_;
  std::mutex mutex_;
  std::optional<std::vector<Subnet>> all_;
  std::map<std::vector<std::string>, std::string> vpcs_;
};

}  // namespace rayctl::aws
