#include "providers/aws/instances.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

constexpr std::size_t kPage = 1000;      // the most that DescribeInstances gives
constexpr std::size_t kFilterIds = 200;  // the most values that a filter takes

std::string text(const pugi::xml_node& node, const char* name) {
  return node.child_value(name);
}

Power power_of(std::string_view state) {
  if (state == "pending") return Power::kPending;
  if (state == "running") return Power::kRunning;
  if (state == "stopped") return Power::kStopped;
  if (state == "terminated") return Power::kGone;
  return Power::kStopping;
}

Ec2Instance parse_instance(const pugi::xml_node& item) {
  Ec2Instance seen;
  CloudNode& node = seen.node;
  node.id = {text(item, "instanceId")};
  const std::string state = text(item.child("instanceState"), "name");
  node.power = power_of(state);
  node.internal_ip = text(item, "privateIpAddress");
  node.external_ip = text(item, "ipAddress");
  Tags tags;
  for (const pugi::xml_node& tag : item.child("tagSet").children("item"))
    tags[text(tag, "key")] = text(tag, "value");
  node.tags = from_ec2_tags(std::move(tags));
  read_tags(node);
  const bool stops = state == "stopping" || state == "stopped";
  node.cached = stops && node.tags.contains(kTagCached);
  seen.type = text(item, "instanceType");
  seen.zone = text(item.child("placement"), "availabilityZone");
  seen.subnet = text(item, "subnetId");
  seen.key_name = text(item, "keyName");
  seen.profile_arn = text(item.child("iamInstanceProfile"), "arn");
  seen.image = text(item, "imageId");
  seen.state_reason = text(item.child("stateReason"), "message");
  seen.token = text(item, "clientToken");
  seen.spot = text(item, "instanceLifecycle") == "spot";
  for (const pugi::xml_node& group : item.child("groupSet").children("item"))
    seen.groups.push_back(text(group, "groupId"));
  return seen;
}

// All pages of one DescribeInstances.
Reply<std::vector<Ec2Instance>> describe(Api& api, Params params, Time deadline) {
  std::vector<Ec2Instance> seen;
  params["MaxResults"] = std::to_string(kPage);
  for (;;) {
    const Reply<Answer> answer = api.query("ec2", "DescribeInstances", params, deadline);
    if (!answer) return {answer.value.error(), answer.api};
    const pugi::xml_node root = (*answer)->document_element();
    for (const pugi::xml_node& reservation : root.child("reservationSet").children("item")) {
      for (Ec2Instance& instance : parse_instances(reservation))
        seen.push_back(std::move(instance));
    }
    std::string next = text(root, "nextToken");
    if (next.empty()) return {std::move(seen), {}};
    params["NextToken"] = std::move(next);
  }
}

}  // namespace

Tags to_ec2_tags(Tags tags) {
  auto name = tags.extract(kTagNodeName);
  if (!name.empty()) tags[kTagName] = std::move(name.mapped());
  return tags;
}

Tags from_ec2_tags(Tags tags) {
  auto name = tags.extract(kTagName);
  if (!name.empty()) tags[kTagNodeName] = std::move(name.mapped());
  return tags;
}

std::vector<Ec2Instance> parse_instances(const pugi::xml_node& holder) {
  std::vector<Ec2Instance> seen;
  for (const pugi::xml_node& item : holder.child("instancesSet").children("item"))
    seen.push_back(parse_instance(item));
  return seen;
}

Reply<std::vector<Ec2Instance>> instances_of(Api& api, const ClusterName& cluster, Time deadline) {
  Params params;
  add_filter(params, std::string("tag:") + kTagClusterName, {cluster.text});
  Reply<std::vector<Ec2Instance>> seen = describe(api, std::move(params), deadline);
  if (!seen) return seen;
  // A stand-in of EC2 may compare loosely.
  std::erase_if(*seen.value, [&](const Ec2Instance& instance) {
    const auto tag = instance.node.tags.find(kTagClusterName);
    return tag == instance.node.tags.end() || tag->second != cluster.text;
  });
  return seen;
}

Reply<std::vector<Ec2Instance>> instances_by_id(Api& api, const std::vector<CloudId>& ids,
                                                Time deadline) {
  std::vector<Ec2Instance> all;
  for (std::size_t begin = 0; begin < ids.size(); begin += kFilterIds) {
    std::vector<std::string> some;
    for (std::size_t i = begin; i < std::min(begin + kFilterIds, ids.size()); ++i)
      some.push_back(ids[i].text);
    Params params;
    add_filter(params, "instance-id", some);
    Reply<std::vector<Ec2Instance>> seen = describe(api, std::move(params), deadline);
    if (!seen) return seen;
    std::move(seen.value->begin(), seen.value->end(), std::back_inserter(all));
  }
  return {std::move(all), {}};
}

}  // namespace rayctl::aws
