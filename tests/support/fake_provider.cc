#include <algorithm>

#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(FakeWorld& world) : world_(world) {}

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time) override {
    return world_.call<std::vector<CloudNode>>("list", [&]() -> Result<std::vector<CloudNode>> {
      const Time now = world_.clock.now();
      std::vector<CloudNode> listed;
      for (auto& [id, machine] : world_.machines) {
        grow_older(machine);
        const auto name = machine.node.tags.find(kTagClusterName);
        if (name == machine.node.tags.end() || name->second != cluster.text) continue;
        if (machine.node.power == Power::kGone) continue;
        if (now - machine.made_at < world_.rules.list_lag) continue;
        listed.push_back(machine.node);
        read_tags(listed.back());
      }
      return listed;
    });
  }

  bool list_lags() const override { return !world_.rules.prompt; }

  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time) override {
    return world_.call<std::vector<CloudNode>>("create", [&]() -> Result<std::vector<CloudNode>> {
      std::vector<CloudNode> made;
      for (auto& [id, machine] : world_.machines) {
        grow_older(machine);
        if (machine.node.tags[kTagOp] == request.token.text) made.push_back(machine.node);
      }
      if (made.empty()) {
        std::vector<LaunchAttempt> attempts = request.attempts;
        if (attempts.empty()) attempts.push_back({"anywhere", std::nullopt});
        if (request.journal) {
          if (Result<> noted = request.journal(attempts); !noted) return noted.error();
        }
        const int asked = static_cast<int>(request.nodes.size());
        for (int i = 0; i < std::min(asked, world_.rules.most_per_create); ++i) {
          made.push_back(make(request).node);
        }
      }
      for (CloudNode& machine : made)
        read_tags(machine);
      return made;
    });
  }

  Result<> set_tags(const CloudId& id, const Tags& tags, Time) override {
    return world_.call<std::monostate>("set_tags", [&]() -> Result<> {
      const auto found = world_.machines.find(id);
      if (found == world_.machines.end() || found->second.node.power == Power::kGone) {
        return permanent(ErrorCode::kProviderRefused, "no machine " + id.text);
      }
      for (const auto& [key, value] : tags)
        found->second.node.tags[key] = value;
      return {};
    });
  }

  Result<> terminate(const CloudId& id, Time) override {
    return world_.call<std::monostate>("terminate", [&]() -> Result<> {
      const auto found = world_.machines.find(id);
      if (found == world_.machines.end()) return {};
      FakeMachine& machine = found->second;
      world_.settle();
      if (machine.node.power == Power::kRunning || machine.node.power == Power::kPending) {
        machine.node.power = Power::kStopping;
        machine.ended_at = world_.clock.now();
      }
      grow_older(machine);
      world_.settle();
      return {};
    });
  }

  Result<SeenResources> list_resources(const ResourceScope& scope, Time) override {
    return world_.call<SeenResources>("list_resources", [&]() -> Result<SeenResources> {
      SeenResources resources;
      resources.wanted = world_.wanted_resources;
      for (const auto& [name, seen] : world_.resources) {
        const auto known = scope.known.find(name);
        const bool assumed = !scope.thorough && known != scope.known.end();
        resources.seen.push_back(assumed ? as_recorded(name, known->second, scope) : seen);
      }
      return resources;
    });
  }

  Result<SeenResource> make_resource(const ResourceScope& scope, const ResourceSpec& spec,
                                     Time) override {
    return world_.call<SeenResource>("make_resource", [&]() -> Result<SeenResource> {
      for (const ResourceName& need : spec.needs) {
        if (world_.resources.contains(need)) continue;
        return permanent(ErrorCode::kProviderRefused, need.text + " is not there");
      }
      SeenResource fresh{.name = spec.name,
                         .title = spec.title,
                         .id = "r-" + spec.name.text,
                         .cluster = scope.cluster_id,
                         .differs = "",
                         .exclusive = true};
      return world_.resources.emplace(spec.name, fresh).first->second;
    });
  }

  Result<> remove_resource(const ResourceScope& scope, const ResourceName& name, Time) override {
    return world_.call<std::monostate>("remove_resource", [&]() -> Result<> {
      const auto found = world_.resources.find(name);
      if (found == world_.resources.end() || found->second.cluster != scope.cluster_id) return {};
      if (!world_.living().empty() || needed(name)) {
        return transient(ErrorCode::kProviderRefused, name.text + " is in use");
      }
      world_.resources.erase(found);
      return {};
    });
  }

 private:
  static SeenResource as_recorded(const ResourceName& name, const ResourceRecord& record,
                                  const ResourceScope& scope) {
    SeenResource seen{
        .name = name, .title = record.title, .id = record.id, .cluster = {}, .differs = ""};
    if (record.ours) seen.cluster = scope.cluster_id;
    return seen;
  }

  bool needed(const ResourceName& name) const {
    return std::any_of(world_.wanted_resources.begin(), world_.wanted_resources.end(),
                       [&](const ResourceSpec& other) {
                         return world_.resources.contains(other.name) &&
                                std::find(other.needs.begin(), other.needs.end(), name) !=
                                    other.needs.end();
                       });
  }

  void grow_older(FakeMachine& machine) {
    const Time now = world_.clock.now();
    if (machine.node.power == Power::kPending && now - machine.made_at >= world_.rules.boot) {
      machine.node.power = Power::kRunning;
      machine.node.internal_ip = "10.0.0." + machine.node.id.text.substr(2);
    }
    if (machine.node.power == Power::kStopping && now - machine.ended_at >= world_.rules.stopping) {
      machine.node.power = Power::kGone;
      machine.ops.clear();
    }
  }

  FakeMachine& make(const LaunchRequest& request) {
    ++world_.made_by[request.token];
    const CloudId id{"i-" + std::to_string(100 + world_.machines.size())};
    FakeMachine& machine = world_.machines[id];
    machine.node.id = id;
    machine.node.power = Power::kPending;
    machine.node.tags = request.tags;
    machine.made_at = world_.clock.now();
    grow_older(machine);
    return machine;
  }

  FakeWorld& world_;
};

}  // namespace

std::unique_ptr<Provider> make_fake_provider(FakeWorld& world) {
  return std::make_unique<FakeProvider>(world);
}

}  // namespace rayctl
