#include "providers/aws/subnets.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

Error refused(std::string message) {
  return permanent(ErrorCode::kProviderRefused, std::move(message));
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string why_not(const Subnet& subnet, const SubnetWish& wish) {
  if (!wish.vpc.empty() && subnet.vpc != wish.vpc) {
    return "is in " + subnet.vpc + ", the security groups in " + wish.vpc;
  }
  if (subnet.state != "available") return "is " + subnet.state;
  if (!wish.internal && !subnet.public_ip) {
    return "gives no public address (use_internal_ips: true would do without)";
  }
  if (!wish.zones.empty() && !has(wish.zones, subnet.zone)) {
    return "is in " + subnet.zone + ", availability_zone says " + join(wish.zones, ",");
  }
  return "";
}

Result<std::vector<Subnet>> check_given(const std::vector<Subnet>& all, const SubnetWish& wish) {
  std::vector<Subnet> chosen;
  std::set<std::string> vpcs;
  for (const std::string& id : *wish.given) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Subnet& one) { return one.id == id; });
    if (found == all.end()) return refused("there is no subnet " + id + " in this region");
    const std::string reason = why_not(*found, wish);
    if (!reason.empty()) return refused("subnet " + id + " " + reason);
    chosen.push_back(*found);
    vpcs.insert(found->vpc);
  }
  if (chosen.empty()) return refused("SubnetIds is an empty list");
  if (vpcs.size() > 1) {
    return refused("the subnets " + join(*wish.given, ", ") +
                   " are in more than one VPC: " + join({vpcs.begin(), vpcs.end()}, ", "));
  }
  return chosen;
}

std::string zones_of(const std::vector<Subnet>& subnets) {
  std::set<std::string> zones;
  for (const Subnet& subnet : subnets)
    zones.insert(subnet.zone);
  return join({zones.begin(), zones.end()}, ", ");
}

std::vector<Subnet> by_preference(const std::vector<Subnet>& subnets,
                                  const std::vector<std::string>& zones) {
  if (zones.empty()) return subnets;
  std::vector<Subnet> sorted;
  for (const std::string& zone : zones) {
    for (const Subnet& subnet : subnets) {
      if (subnet.zone == zone) sorted.push_back(subnet);
    }
  }
  return sorted;
}

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& item : list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::vector<std::string> groups_of(const Json& node_config) {
  std::vector<std::string> groups = strings(node_config.value("SecurityGroupIds", Json::array()));
  for (const Json& card : node_config.value("NetworkInterfaces", Json::array())) {
    for (std::string& group : strings(card.value("Groups", Json::array())))
      groups.push_back(std::move(group));
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace

Result<std::vector<Subnet>> usable_subnets(const std::vector<Subnet>& all, const SubnetWish& wish) {
  if (wish.given) return check_given(all, wish);
  SubnetWish anywhere = wish;
  anywhere.zones.clear();
  std::vector<Subnet> usable;
  for (const Subnet& subnet : all) {
    if (why_not(subnet, anywhere).empty()) usable.push_back(subnet);
  }
  if (usable.empty()) {
    return refused(wish.internal
                       ? "there is no subnet to be used in this region"
                       : "there is no subnet with public addresses to be used in this region; "
                         "use_internal_ips: true would use one without");
  }
  std::stable_sort(usable.begin(), usable.end(),
                   [](const Subnet& a, const Subnet& b) { return a.zone > b.zone; });
  std::vector<Subnet> chosen = by_preference(usable, wish.zones);
  if (chosen.empty()) {
    return refused("no subnet to be used is in availability_zone " + join(wish.zones, ",") +
                   "; there are some in " + zones_of(usable));
  }
  const std::string vpc = chosen.front().vpc;
  std::erase_if(chosen, [&](const Subnet& subnet) { return subnet.vpc != vpc; });
  return chosen;
}

std::optional<std::vector<std::string>> given_subnets(const Json& node_config) {
  const auto ids = node_config.find("SubnetIds");
  if (ids != node_config.end() && ids->is_array()) return strings(*ids);
  const auto id = node_config.find("SubnetId");
  if (id != node_config.end() && id->is_string()) {
    return std::vector<std::string>{id->get<std::string>()};
  }
  std::vector<std::string> of_cards;
  for (const Json& card : node_config.value("NetworkInterfaces", Json::array())) {
    if (card.contains("SubnetId")) of_cards.push_back(card.value("SubnetId", ""));
  }
  if (of_cards.empty()) return std::nullopt;
  return of_cards;
}

Result<std::vector<Subnet>> Subnets::all(Time deadline) {
  const std::lock_guard lock(mutex_);
  if (all_) return *all_;
  std::vector<Subnet> found;
  Params params;
  for (;;) {
    const Reply<Answer> answer = api_.query("ec2", "DescribeSubnets", params, deadline);
    if (!answer) return in_context(answer.value.error(), "looking for subnets");
    const pugi::xml_node root = (*answer)->document_element();
    for (const pugi::xml_node& item : root.child("subnetSet").children("item")) {
      found.push_back({.id = item.child_value("subnetId"),
                       .vpc = item.child_value("vpcId"),
                       .zone = item.child_value("availabilityZone"),
                       .state = item.child_value("state"),
                       .public_ip = item.child("mapPublicIpOnLaunch").text().as_bool()});
    }
    const std::string next = root.child_value("nextToken");
    if (next.empty()) break;
    params["NextToken"] = next;
  }
  all_ = std::move(found);
  return *all_;
}

Result<std::string> Subnets::vpc_of(const std::vector<std::string>& groups, Time deadline) {
  const std::lock_guard lock(mutex_);
  const auto known = vpcs_.find(groups);
  if (known != vpcs_.end()) return known->second;
  Params params;
  add_filter(params, "group-id", groups);
  const Reply<Answer> answer = api_.query("ec2", "DescribeSecurityGroups", params, deadline);
  if (!answer) return in_context(answer.value.error(), "looking for security groups");
  std::set<std::string> vpcs;
  const pugi::xml_node root = (*answer)->document_element();
  for (const pugi::xml_node& item : root.child("securityGroupInfo").children("item"))
    vpcs.insert(item.child_value("vpcId"));
  if (vpcs.empty()) {
    return refused("there is no security group " + join(groups, ", ") + " in this region");
  }
  if (vpcs.size() > 1) {
    return refused("the security groups " + join(groups, ", ") +
                   " are in more than one VPC: " + join({vpcs.begin(), vpcs.end()}, ", "));
  }
  return vpcs_[groups] = *vpcs.begin();
}

Result<std::vector<Place>> Subnets::places(const Json& node_config, const Ec2Settings& settings,
                                           Time deadline) {
  SubnetWish wish{.given = given_subnets(node_config),
                  .zones = settings.zones,
                  .vpc = "",
                  .internal = settings.use_internal_ips};
  for (const Json& card : node_config.value("NetworkInterfaces", Json::array())) {
    if (card.value("AssociatePublicIpAddress", false)) wish.internal = true;
  }
  const std::vector<std::string> groups = groups_of(node_config);
  if (!groups.empty()) {
    Result<std::string> vpc = vpc_of(groups, deadline);
    if (!vpc) return vpc.error();
    wish.vpc = *vpc;
  }
  const Result<std::vector<Subnet>> subnets = all(deadline);
  if (!subnets) return subnets.error();
  const Result<std::vector<Subnet>> chosen = usable_subnets(*subnets, wish);
  if (!chosen) return chosen.error();
  // The interfaces say which card is in which subnet: that is one way, not several.
  const bool of_cards =
      wish.given && !node_config.contains("SubnetIds") && !node_config.contains("SubnetId");
  std::vector<Place> places;
  for (const Subnet& subnet : *chosen) {
    places.push_back({subnet.zone, subnet.id});
    if (of_cards) break;
  }
  return places;
}

}  // namespace rayctl::aws
