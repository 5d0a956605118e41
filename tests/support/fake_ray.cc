#include <algorithm>
#include <utility>

#include "model/json.h"
#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

// A living start of Ray in the cluster of a head.
struct Member {
  FakeMachine* machine = nullptr;
  std::string type;
  FakeWorkPlace place;
};

std::string env_of(const FakeOp& ray, const char* name) {
  const auto text = ray.command.env.find(name);
  return text == ray.command.env.end() ? "" : text->second;
}

template <class T>
std::map<std::string, T> from_env(const FakeOp& ray, const char* name) {
  const std::string text = env_of(ray, name);
  if (text.empty()) return {};
  return Json::parse(text).get<std::map<std::string, T>>();
}

// Which start of the head answers; "" if none does.
std::string start_of(FakeWorld& world, const CloudId& head) {
  if (world.rules.gcs_down) return "";
  const auto machine = world.machines.find(head);
  if (machine == world.machines.end()) return "";
  const FakeOp* ray = world.ray_on(machine->second);
  if (ray == nullptr || world.clock.now() - ray->started_at < world.rules.join_time) return "";
  return head.text + format_time(ray->started_at);
}

std::map<CloudId, Member> members(FakeWorld& world, const std::string& head) {
  std::map<CloudId, Member> found;
  for (auto& [id, machine] : world.machines) {
    const FakeOp* ray = world.ray_on(machine);
    if (ray == nullptr || machine.deaf) continue;
    const bool is_head = id.text + format_time(ray->started_at) == head;
    if (!is_head && ray->head != head) continue;
    const Time joined = ray->started_at + world.rules.join_time;
    if (world.clock.now() < joined) continue;
    Member& member = found[id];
    member = {.machine = &machine,
              .type = env_of(*ray, "RAY_NODE_TYPE_NAME"),
              .place = {.start = format_time(ray->started_at),
                        .joined = joined,
                        .total = from_env<double>(*ray, "RAY_OVERRIDE_RESOURCES"),
                        .labels = from_env<std::string>(*ray, "RAY_OVERRIDE_LABELS"),
                        .open = !machine.drained_at}};
    if (is_head) member.place.total["node:__internal_head__"] = 1;
  }
  return found;
}

class FakeRay final : public RayCluster {
 public:
  FakeRay(FakeWorld& world, CloudId head) : world_(world), head_(std::move(head)) {}

  Result<RayView> view(Time) override {
    return ask<RayView>("view", [&] { return look(); });
  }

  Result<RayState> state(Time) override {
    return ask<RayState>("state", [&] {
      RayState state{.view = look(), .load = world_.work.load(), .session_name = "session_1"};
      state.load.version = ++world_.gcs.reads;
      return state;
    });
  }

  Result<DrainAnswer> drain(const std::string& node_id, DrainReason reason, const std::string&,
                            Time, Time) override {
    return world_.call<DrainAnswer>("drain", [&]() -> Result<DrainAnswer> {
      const auto found = world_.machines.find(CloudId{node_id.substr(0, node_id.find('/'))});
      if (found == world_.machines.end()) return DrainAnswer{.accepted = true};  // as Ray says
      world_.settle();
      if (reason == DrainReason::kIdleTermination && !idle(found->first, found->second)) {
        return DrainAnswer{.rejection = "The node to be idle terminated is no longer idle."};
      }
      found->second.drained_at = world_.clock.now();
      return DrainAnswer{.accepted = true};
    });
  }

  Result<std::string> version(Time) override { return std::string("2.60.0"); }

  Result<std::int64_t> reported_version(Time) override {
    return ask<std::int64_t>("reported_version",
                             [&] { return world_.gcs.report ? world_.gcs.report->version : 0; });
  }

  Result<> report(const AutoscalerReport& report, Time) override {
    return ask<std::monostate>("report", [&] {
      std::optional<AutoscalerReport>& kept = world_.gcs.report;
      if (!kept || report.version >= kept->version) kept = report;
      return std::monostate{};
    });
  }

  Result<std::optional<std::string>> get_key(const std::string& space, const std::string& key,
                                             Time) override {
    return ask<std::optional<std::string>>("get_key", [&]() -> std::optional<std::string> {
      const auto found = world_.gcs.keys.find({space, key});
      if (found == world_.gcs.keys.end()) return std::nullopt;
      return found->second;
    });
  }

  Result<> put_key(const std::string& space, const std::string& key, const std::string& value,
                   Time) override {
    return ask<std::monostate>("put_key", [&] {
      world_.gcs.keys[{space, key}] = value;
      return std::monostate{};
    });
  }

  Result<RayHeadInfo> head_info(Time) override {
    return ask<RayHeadInfo>("head_info", [&] {
      const FakeMachine& machine = world_.machines.at(head_);
      return RayHeadInfo{.node_id = look().nodes.at(head_).node_id,
                         .ip = machine.node.internal_ip,
                         .temp_dir = "/tmp/ray",
                         .session_dir = "/tmp/ray/session_1"};
    });
  }

 private:
  /// A call that a head must answer.
  template <class T, class Answer>
  Result<T> ask(const std::string& name, const Answer& answer) {
    return world_.call<T>(name, [&]() -> Result<T> {
      const std::string start = start_of(world_, head_);
      if (start.empty()) return transient(ErrorCode::kRayUnreachable, "GCS does not answer");
      if (world_.gcs.head != start) world_.gcs = {.head = start};
      return answer();
    });
  }

  bool idle(const CloudId& id, const FakeMachine& machine) const {
    return world_.clock.now() >= machine.busy_until && !world_.work.busy(id);
  }

  RayView look() {
    world_.settle();
    RayView view;
    for (const auto& [id, member] : members(world_, world_.gcs.head)) {
      const FakeMachine& machine = *member.machine;
      RayNode& node = view.nodes[id];
      node.node_id = id.text + "/" + member.place.start;
      node.ip = machine.node.internal_ip;
      node.type = member.type;
      node.idle = idle(id, machine);
      if (node.idle) {
        const Time since =
            std::max({member.place.joined, machine.busy_until, world_.work.last_end(id)});
        node.idle_for = world_.clock.now() - since;
      }
      node.total = member.place.total;
      node.available = world_.work.available(id, member.place);
      node.labels = member.place.labels;
      if (machine.drained_at) {
        node.state = node.idle ? RayNode::State::kDead : RayNode::State::kDraining;
      }
    }
    return view;
  }

  FakeWorld& world_;
  const CloudId head_;
};

}  // namespace

void FakeWorld::settle() {
  const std::lock_guard lock(mutex);
  if (gcs.head.empty() || rules.gcs_down) return;
  std::map<CloudId, FakeWorkPlace> places;
  for (auto& [id, member] : members(*this, gcs.head))
    places.emplace(id, std::move(member.place));
  work.settle(places, clock.now());
}

std::unique_ptr<RayCluster> make_fake_ray(FakeWorld& world, const CloudId& head) {
  return std::make_unique<FakeRay>(world, head);
}

}  // namespace rayctl
