#include "providers/gcp/gcp_desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "model/tags.h"
#include "providers/gcp/images.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/key_pair.h"
#include "providers/gcp/labels.h"
#include "providers/gcp/machine_facts.h"
#include "providers/gcp/orphans.h"
#include "providers/gcp/ray_launch.h"

namespace rayctl::gcp {
namespace {

TaggedThing shown(const Orphan& orphan) {
  return {.kind = kind_text(orphan.kind),
          .id = orphan.id,
          .name = orphan.name,
          .cluster = orphan.cluster,
          .cluster_id = orphan.cluster_id};
}

/// The families of images that a node_config names.
std::vector<std::string> families_in(const Json& node_config, const std::string& project) {
  std::vector<std::string> families;
  for (const Json& disk : list_in(node_config, "disks")) {
    std::string image = text_of(object_in(disk, "initializeParams"), "sourceImage");
    if (image_family(image, project)) families.push_back(std::move(image));
  }
  return families;
}

bool brings_network(const NodeTypeConfig& type) {
  return type.node_config.is_object() && (type.node_config.contains("networkInterfaces") ||
                                          type.node_config.contains("networkConfig"));
}

class GcpDesk final : public CloudDesk {
 public:
  explicit GcpDesk(GceDeskSettings settings) : with_(std::move(settings)) {}

  Result<std::vector<AccessRule>> list_access(const ResourceScope& scope, Time deadline) override {
    Result<std::vector<SshAccess>> found = with_.resources.list_access(scope, deadline);
    if (!found) return found.error();
    std::vector<AccessRule> rules;
    for (const SshAccess& each : *found)
      rules.push_back({.cidr = each.cidr, .who = each.who});
    return rules;
  }
  Result<> add_access(const ResourceScope& scope, const AccessRule& rule, Time deadline) override {
    return with_.resources.add_access(scope, rule.cidr, rule.who, deadline);
  }
  Result<int> remove_access(const ResourceScope& scope, const std::string& cidr_or_who,
                            Time deadline) override {
    Result<std::vector<SshAccess>> removed =
        with_.resources.remove_access(scope, cidr_or_who, deadline);
    if (!removed) return removed.error();
    return static_cast<int>(removed->size());
  }

  Result<std::vector<TaggedThing>> list_tagged(Time deadline) override {
    Result<std::vector<Orphan>> orphans = find_orphans(search(), deadline);
    if (!orphans) return orphans.error();
    std::vector<TaggedThing> things;
    for (const Orphan& each : *orphans)
      things.push_back(shown(each));
    return things;
  }

  Result<> remove_tagged(const std::vector<TaggedThing>& things, Time deadline) override {
    Result<std::vector<Orphan>> all = find_orphans(search(), deadline);
    if (!all) return all.error();
    std::vector<Orphan> going;
    std::set<ClusterId> clusters, staying;
    for (const Orphan& orphan : *all) {
      const bool goes = std::find(things.begin(), things.end(), shown(orphan)) != things.end();
      (goes ? clusters : staying).insert(orphan.cluster_id);
      if (goes) going.push_back(orphan);
    }
    const auto stayed = remove_orphans(search(), std::move(going), deadline);
    std::vector<std::string> left;
    for (const auto& [orphan, why] : stayed) {
      left.push_back(orphan.id + " (" + why.message + ")");
      staying.insert(orphan.cluster_id);
    }
    for (const ClusterId& id : clusters) {
      if (staying.contains(id)) continue;
      const ResourceScope scope{.cluster = {}, .cluster_id = id, .known = {}};
      if (Result<> removed = remove_key_pairs(scope, with_.home); !removed) return removed;
    }
    if (left.empty()) return {};
    return unknown_outcome(ErrorCode::kTerminateFailed, "still there: " + join(left, "; "));
  }

  std::vector<RightsDocument> rights() override {
    const PolicyFacts facts = policy_facts(with_.config, with_.facts);
    std::vector<RightsDocument> documents = {{"operator", operator_role(facts)}};
    if (facts.head_manages) documents.push_back({"head", head_role(facts)});
    return documents;
  }

  Result<std::optional<RayLaunch>> ray_launch(const CloudNode& node, const Json& node_config,
                                              Time deadline) override {
    const ResourceScope scope;
    const ResourceJob at = job(scope, deadline);
    Result<std::optional<Json>> machine = described(at, node);
    if (!machine) return machine.error();
    if (!*machine) return std::optional<RayLaunch>();
    RayFilling filling{
        .project = with_.facts.place.project, .head = node.head, .networks_given = false};
    filling.networks_given =
        std::all_of(with_.config.node_types.begin(), with_.config.node_types.end(), brings_network);
    filling.subnetwork = parse_instance(**machine).subnetwork;
    RayLaunch launch{.node_config = filled_by_ray(node_config, filling),
                     .private_key = rays_key_file(with_.home, key_want()),
                     .images = {}};
    const std::vector<std::string> families = families_in(node_config, filling.project);
    if (!families.empty()) {
      Result<std::string> image = boot_image(at, **machine);
      if (!image) return image.error();
      // The boot disk is the first one; what others are made of a running machine does not say.
      if (!image->empty()) launch.images[families.front()] = *image;
    }
    return std::optional(std::move(launch));
  }

  Result<std::vector<LaunchFacts>> launch_facts(const ClusterName& cluster,
                                                Time deadline) override {
    const ResourceScope scope{.cluster = cluster, .cluster_id = {}, .known = {}};
    const ResourceJob at = job(scope, deadline);
    Result<std::vector<Json>> machines =
        machines_as_described(at, label_filter(kTagClusterName, cluster.text));
    if (!machines) return machines.error();
    std::map<std::string, Json> disks;
    if (!machines->empty()) {
      Result<std::map<std::string, Json>> found = disks_of_region(at);
      if (!found) return found.error();
      disks = *std::move(found);
    }
    std::vector<LaunchFacts> facts;
    for (const Json& machine : *machines) {
      const CloudNode node = parse_instance(machine).node;
      const auto name = node.tags.find(kTagClusterName);
      const bool theirs = name == node.tags.end() || name->second != cluster.text;
      if (theirs || (node.power != Power::kPending && node.power != Power::kRunning)) continue;
      const std::string tag =
          node.cluster ? base_name(cluster, *node.cluster, kLongestBase) : std::string();
      facts.push_back({.node = node,
                       .node_config = node_config_of(machine, disks, tag),
                       .sections = sections_of(parse_instance(machine))});
    }
    return facts;
  }

  Result<std::map<ResourceName, ResourceRecord>> used_by(const CloudNode& node,
                                                         Time deadline) override {
    const ResourceScope scope{.cluster = with_.config.cluster,
                              .cluster_id = node.cluster.value_or(ClusterId{}),
                              .known = {}};
    std::map<ResourceName, ResourceRecord> used;
    Result<std::optional<Json>> machine = described(job(scope, deadline), node);
    if (!machine) return machine.error();
    if (!*machine) return used;
    const GceInstance instance = parse_instance(**machine);
    const auto use = [&](const char* name, const std::string& title, const std::string& id) {
      used[{name}] = {.provider = with_.config.provider, .title = title, .id = id, .needs = {}};
    };
    if (text_of(with_.config.auth, "ssh_private_key").empty()) {
      Result<KeyPairSeen> key = find_key_pair(scope, with_.home, key_want());
      if (!key) return key.error();
      if (!key->public_line.empty()) use(kKeyPairResource, key->name, key->public_line);
    }
    const std::string tag = base_name(scope.cluster, scope.cluster_id, kLongestBase);
    const std::vector<std::string>& tags = instance.network_tags;
    if (node.cluster && std::find(tags.begin(), tags.end(), tag) != tags.end()) {
      use(kFirewallResource, tag, tag);
    } else {
      const std::string own = networks_own_rules(instance.network);
      use(kFirewallResource, own, own);
    }
    const std::string& email = instance.service_account;
    if (!email.empty()) use(kServiceAccountResource, split(email, '@').front(), email);
    return used;
  }

 private:
  /// Where it is, and whom its first key lets in.
  Json sections_of(const GceInstance& instance) const {
    Json sections = {
        {"provider",
         {{"project_id", with_.facts.place.project}, {"availability_zone", instance.zone}}}};
    const std::size_t colon = instance.ssh_keys.find(':');
    if (colon != std::string::npos)
      sections["auth"] = {{"ssh_user", instance.ssh_keys.substr(0, colon)}};
    return sections;
  }
  OrphanSearch search() const {
    return {.api = with_.api,
            .clock = with_.clock,
            .place = with_.facts.place,
            .tpus = policy_facts(with_.config, with_.facts).tpu};
  }
  ResourceJob job(const ResourceScope& scope, Time deadline) const {
    return {with_.api, with_.clock, with_.facts.place, scope, deadline};
  }
  Json key_want() const {
    return {{"region", with_.facts.place.region},
            {"project", with_.facts.place.project},
            {"user", text_of(with_.config.auth, "ssh_user")}};
  }
  /// nullopt where it is not to be seen.
  static Result<std::optional<Json>> described(const ResourceJob& at, const CloudNode& node) {
    Result<std::vector<Json>> found =
        machines_as_described(at, "(name = \"" + node.id.text + "\")");
    if (!found) return found.error();
    for (Json& machine : *found) {
      if (text_of(machine, "name") == node.id.text) return std::optional(std::move(machine));
    }
    return std::optional<Json>();
  }

  const GceDeskSettings with_;
};

}  // namespace

std::unique_ptr<CloudDesk> make_gcp_desk(GceDeskSettings settings) {
  return std::make_unique<GcpDesk>(std::move(settings));
}

}  // namespace rayctl::gcp
