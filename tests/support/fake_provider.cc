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

  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time) override {
    return world_.call<std::vector<CloudNode>>("create", [&]() -> Result<std::vector<CloudNode>> {
      std::vector<CloudNode> made;
      for (auto& [id, machine] : world_.machines) {
        grow_older(machine);
        if (machine.node.tags[kTagOp] == request.token.text) made.push_back(machine.node);
      }
      if (made.empty()) {
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
      if (machine.node.power == Power::kRunning || machine.node.power == Power::kPending) {
        machine.node.power = Power::kStopping;
        machine.ended_at = world_.clock.now();
      }
      grow_older(machine);
      return {};
    });
  }

 private:
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
