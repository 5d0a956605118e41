#include "providers/aws/launch_call.h"

#include <set>
#include <utility>

#include "base/digest.h"
#include "providers/aws/ec2_types.h"
#include "providers/aws/instances.h"
#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

Json tag_list(const Tags& tags) {
  Json list = Json::array();
  for (const auto& [key, value] : tags)
    list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

// What the config says of tags, by what they are put on.
std::map<std::string, Tags> tags_of(const Json& node_config) {
  std::map<std::string, Tags> by_kind;
  for (const Json& entry : node_config.value("TagSpecifications", Json::array())) {
    Tags& tags = by_kind[entry.value("ResourceType", "")];
    for (const Json& tag : entry.value("Tags", Json::array())) {
      const Json value = tag.value("Value", Json(""));
      tags[tag.value("Key", "")] = value.is_string() ? value.get<std::string>() : value.dump();
    }
  }
  return by_kind;
}

Json tag_specifications(const Json& node_config, const Tags& tags) {
  std::map<std::string, Tags> by_kind = tags_of(node_config);
  Tags ours = to_ec2_tags(tags);
  auto name = ours.extract(kTagName);
  for (const char* kind : {"instance", "volume"}) {
    Tags& all = by_kind[kind];
    for (const auto& [key, value] : ours)
      all[key] = value;
    if (!name.empty()) all.emplace(kTagName, name.mapped());
  }
  Json list = Json::array();
  for (const auto& [kind, of_kind] : by_kind)
    list.push_back({{"ResourceType", kind}, {"Tags", tag_list(of_kind)}});
  return list;
}

void put_into_cards(Json& config, const std::string& subnet) {
  const auto groups = config.find("SecurityGroupIds");
  for (Json& card : config["NetworkInterfaces"]) {
    if (card.contains("NetworkInterfaceId")) continue;
    if (!card.contains("SubnetId") && !subnet.empty()) card["SubnetId"] = subnet;
    if (!card.contains("Groups") && groups != config.end()) card["Groups"] = *groups;
  }
  config.erase("SecurityGroupIds");
  config.erase("SubnetId");
}

}  // namespace

std::string client_token(const OpToken& token, const std::string& attempt_text) {
  return sha256_hex(token.text + "\n" + attempt_text);
}

Params launch_params(const Json& node_config, const Alternative& alternative, int count,
                     const Tags& tags, const OpToken& token) {
  Json config = node_config;
  config["TagSpecifications"] = tag_specifications(node_config, tags);
  if (config.contains("NetworkInterfaces")) {
    put_into_cards(config, alternative.place.subnet);
  } else if (!alternative.place.subnet.empty()) {
    config["SubnetId"] = alternative.place.subnet;
  }
  if (alternative.market == "on-demand") config.erase("InstanceMarketOptions");
  Params params = run_instances_params(config);
  params["MinCount"] = "1";
  params["MaxCount"] = std::to_string(count);
  params["ClientToken"] = client_token(token, launch_attempt_text(alternative, count));
  return params;
}

}  // namespace rayctl::aws
