#include <utility>

#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

class FakeRay final : public RayCluster {
 public:
  FakeRay(FakeWorld& world, CloudId head) : world_(world), head_(std::move(head)) {}

  Result<RayView> view(Time) override {
    return world_.call<RayView>("view", [&]() -> Result<RayView> {
      const std::string head = head_start();
      if (head.empty()) return transient(ErrorCode::kRayUnreachable, "GCS does not answer");
      RayView view;
      for (auto& [id, machine] : world_.machines) {
        FakeOp* ray = world_.ray_on(machine);
        if (ray == nullptr) continue;
        const bool is_head = id.text + format_time(ray->started_at) == head;
        if (!is_head && ray->head != head) continue;
        if (world_.clock.now() - ray->started_at < world_.rules.join_time) continue;
        RayNode& node = view.nodes[id];
        node.node_id = id.text + "/" + format_time(ray->started_at);
        node.ip = machine.node.internal_ip;
        node.idle = idle(machine);
        if (machine.drained_at) {
          node.state = node.idle ? RayNode::State::kDead : RayNode::State::kDraining;
        }
      }
      return view;
    });
  }

  Result<DrainAnswer> drain(const std::string& node_id, DrainReason reason, const std::string&,
                            Time, Time) override {
    return world_.call<DrainAnswer>("drain", [&]() -> Result<DrainAnswer> {
      const auto found = world_.machines.find(CloudId{node_id.substr(0, node_id.find('/'))});
      if (found == world_.machines.end()) return DrainAnswer{.rejection = "no such node"};
      if (reason == DrainReason::kIdleTermination && !idle(found->second)) {
        return DrainAnswer{.rejection = "The node to be idle terminated is no longer idle."};
      }
      found->second.drained_at = world_.clock.now();
      return DrainAnswer{.accepted = true};
    });
  }

  Result<std::string> version(Time) override { return std::string("2.60.0"); }

 private:
  bool idle(const FakeMachine& machine) const { return world_.clock.now() >= machine.busy_until; }

  // Which start of the head answers; "" if none does.
  std::string head_start() const {
    if (world_.rules.gcs_down) return "";
    const auto machine = world_.machines.find(head_);
    if (machine == world_.machines.end()) return "";
    const FakeOp* ray = world_.ray_on(machine->second);
    if (ray == nullptr) return "";
    if (world_.clock.now() - ray->started_at < world_.rules.join_time) return "";
    return head_.text + format_time(ray->started_at);
  }

  FakeWorld& world_;
  const CloudId head_;
};

}  // namespace

std::unique_ptr<RayCluster> make_fake_ray(FakeWorld& world, const CloudId& head) {
  return std::make_unique<FakeRay>(world, head);
}

}  // namespace rayctl
