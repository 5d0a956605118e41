#include "cli/write_config.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "config/emit.h"

namespace rayctl {
namespace {

constexpr char kHeadType[] = "ray.head.default";
constexpr char kWorkerType[] = "ray.worker.default";

struct TypeFacts {
  Json node_config;
  std::set<std::string> subnets;
  std::set<std::string> differing;  ///< keys in which its machines are not alike
  int workers = 0;
};

class Writing {
 public:
  Writing(const std::vector<LaunchFacts>& machines, const std::vector<TaggedThing>& things)
      : machines_(machines), things_(things) {}

  const LaunchFacts* head() const {
    const auto found = std::find_if(machines_.begin(), machines_.end(),
                                    [](const LaunchFacts& each) { return each.node.head; });
    return found == machines_.end() ? nullptr : &*found;
  }

  static std::string type_of(const CloudNode& node) {
    if (node.type) return node.type->text;
    return node.head ? kHeadType : kWorkerType;
  }

  std::map<std::string, TypeFacts> types() const {
    std::map<std::string, TypeFacts> types;
    for (const LaunchFacts& each : machines_) {
      TypeFacts& type = types[type_of(each.node)];
      Json config = each.node_config;
      for (const Json& subnet : config.value("SubnetIds", Json::array()))
        type.subnets.insert(subnet.get<std::string>());
      config.erase("SubnetIds");
      leave_out_what_is_made(config, each.node.cluster);
      if (type.node_config.is_null()) type.node_config = config;
      for (const Json& change : Json::diff(type.node_config, config)) {
        type.differing.insert(split(change.at("path").get<std::string>(), '/').at(1));
      }
      if (!each.node.head) ++type.workers;
    }
    for (auto& [name, type] : types) {
      if (!type.subnets.empty()) type.node_config["SubnetIds"] = type.subnets;
    }
    return types;
  }

  /// A section of the file as the machines show it. Where they do not say the same of a key, all
  /// that they say, the head's first, with commas between: zones, that is.
  Json section(const char* name) const {
    std::map<std::string, std::vector<std::string>> said;
    const auto take = [&](const LaunchFacts& each) {
      const Json keys = each.sections.value(name, Json::object());
      for (const auto& [key, value] : keys.items()) {
        std::vector<std::string>& all = said[key];
        const std::string text = value.get<std::string>();
        if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
      }
    };
    if (head() != nullptr) take(*head());
    for (const LaunchFacts& each : machines_)
      take(each);
    Json section = Json::object();
    for (const auto& [key, all] : said)
      section[key] = join(all, ",");
    return section;
  }

 private:
  bool made(const std::string& id_or_name, const std::optional<ClusterId>& cluster) const {
    return cluster && std::any_of(things_.begin(), things_.end(), [&](const TaggedThing& thing) {
             return thing.cluster_id == *cluster &&
                    (thing.id == id_or_name || thing.name == id_or_name);
           });
  }

  void leave_out_what_is_made(Json& config, const std::optional<ClusterId>& cluster) const {
    if (made(config.value("KeyName", ""), cluster)) config.erase("KeyName");
    const Json groups = config.value("SecurityGroupIds", Json::array());
    if (!groups.empty() && std::all_of(groups.begin(), groups.end(), [&](const Json& id) {
          return made(id.get<std::string>(), cluster);
        })) {
      config.erase("SecurityGroupIds");
    }
    const std::string profile = config.value("/IamInstanceProfile/Arn"_json_pointer, "");
    if (made(profile, cluster) || made(profile.substr(profile.rfind('/') + 1), cluster)) {
      config.erase("IamInstanceProfile");
    }
  }

  const std::vector<LaunchFacts>& machines_;
  const std::vector<TaggedThing>& things_;
};

bool all_inside(const std::vector<LaunchFacts>& machines) {
  return std::all_of(machines.begin(), machines.end(),
                     [](const LaunchFacts& each) { return each.node.external_ip.empty(); });
}

}  // namespace

Result<WrittenConfig> write_config(const ClusterName& cluster, const ProviderName& provider,
                                   const std::string& region, std::vector<LaunchFacts> machines,
                                   const std::vector<TaggedThing>& things) {
  std::sort(machines.begin(), machines.end(), [](const LaunchFacts& one, const LaunchFacts& other) {
    return one.node.id < other.node.id;
  });
  const Writing writing(machines, things);
  const LaunchFacts* head = writing.head();
  if (head == nullptr) {
    return permanent(ErrorCode::kNoSuchNode,
                     "no head of a cluster " + cluster.text + " runs in " + region);
  }
  WrittenConfig written;
  const std::string head_type = Writing::type_of(head->node);
  Json node_types = Json::object();
  int workers = 0;
  std::string key;
  for (const auto& [name, type] : writing.types()) {
    if (name == head_type) key = type.node_config.value("KeyName", "");
    for (const std::string& field : type.differing)
      written.unknown.push_back("the machines of " + name + " have not the same " + field);
    node_types[name] = {{"min_workers", type.workers},
                        {"max_workers", type.workers},
                        {"resources", Json::object()},
                        {"node_config", type.node_config}};
    workers += type.workers;
  }
  written.unknown.insert(
      written.unknown.end(),
      {"user data, and other parts of the launch that no machine shows (on AWS the disks too: "
       "BlockDeviceMappings)",
       "file_mounts, docker, set-up and start commands: Ray's own config of the cluster, with all "
       "of them, lies on the head as ~/ray_bootstrap_config.yaml",
       "how many workers there may be: as many as there are now"});
  Json auth = {{"ssh_user", "ubuntu"}};
  auth.update(writing.section("auth"));
  Json place = {{"type", provider.text},
                {"region", region},
                {"use_internal_ips", all_inside(machines)},
                {"cache_stopped_nodes", false}};
  place.update(writing.section("provider"));
  if (!key.empty()) {
    auth["ssh_private_key"] = "~/.ssh/" + key + ".pem";
    written.unknown.push_back("where the private key of the key pair " + key +
                              " is: Ray keeps it in ~/.ssh");
  }
  written.yaml =
      "# Written by `rayctl import --write-config` from the machines that ran. Not known "
      "is:\n";
  for (const std::string& each : written.unknown)
    written.yaml += "# - " + each + "\n";
  written.yaml += emit_yaml({{"cluster_name", cluster.text},
                             {"max_workers", workers},
                             {"provider", place},
                             {"auth", auth},
                             {"available_node_types", node_types},
                             {"head_node_type", head_type}});
  return written;
}

}  // namespace rayctl
