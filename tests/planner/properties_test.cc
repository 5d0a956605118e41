#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <set>

#include "model/codec.h"
#include "model/tags.h"
#include "tests/planner/world.h"

namespace rayctl::planning {
namespace {

const ClusterId kOurs{"c-1"};

int below(int n) {
  return *rc::gen::inRange(0, n);
}
bool one_in(int n) {
  return below(n) == n - 1;  // shrinks to false
}
Digest version(const char* letter, int versions) {
  return {letter + std::to_string(below(versions))};
}

/// Worlds of every kind, most of them strange: what can be recorded, listed, begun and asked.
class WorldMaker {
 public:
  World make() {
    config();
    snapshot();
    const int nodes = below(8);
    for (int i = 0; i < nodes; ++i)
      node(one_in(4) ? "head" : type_name());
    if (!one_in(4)) node("head");
    const int loose = one_in(2) ? below(4) : 0;
    for (int i = 0; i < loose; ++i)
      stray();
    see_ray();
    const int ops = one_in(2) ? below(4) : 0;
    for (int i = 0; i < ops; ++i)
      open_op(i);
    for (const char* provider : {"process", "aws"}) {
      if (!one_in(8)) continue;
      world_.observed.machines.insert_or_assign(
          ProviderName{provider}, transient(ErrorCode::kProviderUnavailable, "timed out"));
    }
    if (one_in(20)) world_.observed.machines.erase({"aws"});
    options();
    return std::move(world_);
  }

 private:
  static std::string type_name() {
    static const std::vector<std::string> kTypes = {"gpu", "cpu", "old", "gpu-4"};
    return kTypes[static_cast<std::size_t>(below(4))];
  }

  void add_type(const char* name, bool head) {
    NodeSpec& spec = world_.desired.specs[{name}];
    spec.type.text = name;
    spec.head = head;
    spec.provider.text = one_in(4) ? "aws" : "process";
    spec.start.ray = !one_in(6);
    spec.digests = {.launch = version("l", 2), .setup = version("s", 2), .start = version("r", 2)};
    if (one_in(3)) spec.digests.docker = version("d", 2);
    if (one_in(2)) spec.digests.files = version("f", 2);
    if (one_in(4)) spec.digests.synced = version("y", 2);
  }

  void config() {
    Desired& desired = world_.desired;
    desired.cluster = {"demo"};
    desired.head_type = {"head"};
    desired.config = {"config"};
    desired.autoscaler = version("a", 2);
    desired.max_unavailable = below(4);
    desired.destroy = one_in(8);
    add_type("head", true);
    for (const char* type : {"gpu", "cpu", "gpu-4"}) {
      if (one_in(5)) continue;
      add_type(type, false);
      desired.want[{type}] = desired.destroy ? (one_in(4) ? 1 : 0) : below(5);
    }
    if (!desired.destroy || one_in(4)) desired.want[{"head"}] = 1;
    for (int i = 0; i < 3; ++i) {
      if (one_in(4)) desired.release.insert({type_name() + "-" + std::to_string(below(6))});
    }
    for (const NodeName& name : desired.release) {
      if (one_in(2)) desired.if_idle.insert(name);
    }
    for (const char* digest : {"l0", "s0", "s1", "r1", "a1"}) {
      desired.breakdown[{digest}][std::string("field_of_") + digest[0]] = {digest};
    }
  }

  void snapshot() {
    Snapshot& snapshot = world_.snapshot;
    snapshot.lineage = "lineage";
    snapshot.serial = 5;
    snapshot.cluster_id = one_in(10) ? ClusterId{} : kOurs;
    snapshot.autoscaler = version("a", 2);
    snapshot.imported = one_in(6);
    if (one_in(3)) snapshot.highest[{"gpu"}] = below(12);
    world_.observed.at = parse_time("2026-11-23T12:00:00.000Z");
    for (const char* provider : {"process", "aws"}) {
      world_.observed.machines.emplace(ProviderName{provider}, std::vector<CloudNode>());
    }
  }

  SpecDigests digests() {
    SpecDigests some{
        .launch = version("l", 2), .docker = {}, .files = {}, .setup = version("s", 2)};
    if (one_in(3)) some.docker = version("d", 2);
    if (one_in(2)) some.files = version("f", 2);
    if (one_in(4)) some.synced = version("y", 2);
    if (one_in(10)) some.launch = {};
    if (one_in(4)) some.setup = {};
    return some;
  }

  void list(const ProviderName& provider, CloudNode machine) {
    auto& machines =
        world_.observed.machines.try_emplace(provider, std::vector<CloudNode>()).first->second;
    (*machines).push_back(std::move(machine));
  }

  std::optional<ClusterId> label() {
    if (one_in(8)) return std::nullopt;
    return one_in(8) ? ClusterId{"c-2"} : kOurs;
  }

  void node(const std::string& type) {
    const NodeName name{one_in(20) ? "odd" : type + "-" + std::to_string(1 + below(9))};
    if (world_.snapshot.nodes.contains(name)) return;
    NodeRecord& record = world_.snapshot.nodes[name];
    record.type.text = one_in(20) ? "" : type;
    const auto spec = world_.desired.specs.find(record.type);
    record.provider = spec != world_.desired.specs.end() && !one_in(8) ? spec->second.provider
                                                                       : ProviderName{"process"};
    record.head = type == "head" && !one_in(10);
    record.id.text = one_in(30) ? "" : "m:" + name.text;
    record.phase = static_cast<Phase>(below(4));
    record.applied =
        spec != world_.desired.specs.end() && one_in(2) ? spec->second.digests : digests();
    record.applied.start = {};
    if (!one_in(4)) {
      record.running = {.docker = record.applied.docker,
                        .files = record.applied.files,
                        .setup = record.applied.setup,
                        .start = version("r", 2)};
      if (one_in(4)) record.running.setup = version("s", 2);
    }
    if (one_in(3)) record.launched_at = world_.observed.at - std::chrono::seconds(below(240));
    if (one_in(6)) return;
    CloudNode machine{
        .id = record.id, .cluster = kOurs, .name = name, .type = record.type, .head = record.head};
    machine.power = one_in(2) ? Power::kRunning : static_cast<Power>(below(5));
    if (one_in(12)) machine.cluster = label();
    if (one_in(12)) machine.unseen = "connection refused";
    if (one_in(12)) machine.unwanted = "no longer in the file";
    machine.tags = record_tags(record);
    list(record.provider, std::move(machine));
  }

  void stray() {
    CloudNode machine{.id = {"i-" + std::to_string(++strays_)}};
    machine.power = static_cast<Power>(below(5));
    machine.cluster = label();
    machine.head = one_in(6);
    if (!one_in(5)) machine.type = NodeTypeName{machine.head ? "head" : type_name()};
    if (one_in(2)) machine.name = NodeName{type_name() + "-" + std::to_string(below(12))};
    if (one_in(2)) machine.token = OpToken{"t" + std::to_string(below(4))};
    NodeRecord record;
    record.applied = digests();
    if (one_in(3)) record.running = {.setup = record.applied.setup, .start = version("r", 2)};
    if (one_in(3)) record.phase = Phase::kReady;
    machine.tags = record_tags(record);
    const ProviderName provider{one_in(4) ? "aws" : "process"};
    if (one_in(10)) list(provider, machine);  // listed twice
    list(provider, std::move(machine));
  }

  void see_ray() {
    if (one_in(3)) return;
    if (one_in(4)) {
      world_.observed.ray = Result<RayView>(transient(ErrorCode::kRayUnreachable, "refused"));
    } else {
      RayView view;
      for (const auto& [name, record] : world_.snapshot.nodes) {
        if (one_in(5)) continue;
        RayNode& node = view.nodes[record.id];
        node.state = one_in(5)   ? RayNode::State::kDead
                     : one_in(6) ? RayNode::State::kDraining
                                 : RayNode::State::kAlive;
        node.idle = !one_in(2);
        node.idle_for = std::chrono::seconds(below(100));
      }
      world_.observed.ray = Result<RayView>(std::move(view));
    }
    for (const auto& [name, record] : world_.snapshot.nodes) {
      if (one_in(4)) world_.observed.prompt.insert(record.provider);
      if (one_in(4)) world_.observed.ends_silent.insert(record.provider);
      if (one_in(3)) world_.observed.start_running[record.id] = one_in(2);
    }
  }

  NodeName some_node() {
    if (world_.snapshot.nodes.empty() || one_in(4))
      return {type_name() + "-" + std::to_string(below(9))};
    auto each = world_.snapshot.nodes.begin();
    std::advance(each, below(static_cast<int>(world_.snapshot.nodes.size())));
    return each->first;
  }

  void open_op(int number) {
    const NodeName node = some_node();
    const CloudId id{"m:" + node.text};
    Action action = CloseOp{{"t9"}};
    switch (below(9)) {
      case 0: {
        const std::string type = one_in(5) ? "head" : type_name();
        CreateNodes create{{type}, {}};
        const int count = below(4);
        for (int i = 0; i < count; ++i) {
          const NodeName name{type + "-" + std::to_string(below(10))};
          if (asked_.insert(name).second) create.nodes.push_back(name);
        }
        action = create;
        break;
      }
      case 1:
        action = PrepareContainer{node, version("d", 2)};
        break;
      case 2:
        action = SyncFiles{node, version("f", 2)};
        break;
      case 3:
        action = SetUpNode{node, version("s", 2)};
        break;
      case 4:
        action = StartRay{node, version("r", 2)};
        break;
      case 5:
        action = StopRay{node};
        break;
      case 6:
        action = DrainNode{node, id, Millis{60'000}};
        break;
      case 7:
        action = TerminateNode{node, id};
        break;
      default:
        action = ConfigureAutoscaler{version("a", 2)};
        break;
    }
    world_.snapshot.open.push_back({{"t" + std::to_string(number)},
                                    action,
                                    world_.observed.at - std::chrono::seconds(below(240))});
  }

  void options() {
    PlanOptions& options = world_.options;
    options.no_restart = one_in(8);
    options.restart_only = one_in(16);
    options.restart = one_in(16);
    options.replace_head = one_in(3);
    options.refreshed = !one_in(12);
    if (one_in(10))
      options.target.push_back(one_in(3) ? "head" : type_name() + (one_in(2) ? "*" : ""));
    if (one_in(10)) options.exclude.push_back(one_in(5) ? "head*" : type_name() + "-1");
  }

  World world_;
  int strays_ = 0;
  std::set<NodeName> asked_;  ///< in open launches: a number is given once
};

std::string shown(const World& world, const Plan& plan) {
  Json desired = Json::object();
  for (const auto& [type, spec] : world.desired.specs)
    desired[type.text] = to_json(spec.digests);
  return to_json(world.snapshot).dump(1) + desired.dump(1) + "\n" + describe(plan);
}

/// How many worlds each property is tried on, where RC_PARAMS does not say.
const int kParams = setenv("RC_PARAMS", "max_success=400", 0);

/// `rule` of a world is "" where it holds.
template <class Rule>
void holds(const char* name, const Rule& rule) {
  ASSERT_EQ(kParams, 0);
  EXPECT_TRUE(rc::check(name, [&] {
    const World world = WorldMaker().make();
    const Plan plan = plan_of(world);
    const std::string broken = rule(world, plan);
    if (!broken.empty()) RC_FAIL(broken + "\n" + shown(world, plan));
  }));
}

TEST(PlanProperties, EveryRuleHolds) {
  holds("order, ownership, unlisted providers, names, restarts, max_unavailable, head",
        [](const World& world, const Plan& plan) { return broken_rule(world, plan); });
}

TEST(PlanProperties, PlanningAgainstWhatAnApplyLeavesIsEmpty) {
  holds("second plan is empty", [](const World& world, const Plan& plan) -> std::string {
    if (!plan.blocked.empty() || world.options.restart || world.options.restart_only) return "";
    // A name that this plan gives, and --exclude names, is given to nobody: the next is another.
    for (const std::string& glob : world.options.exclude) {
      if (glob.ends_with("-1")) return "";
    }
    const Outcome after = predict(plan, world.snapshot, world.observed);
    const Plan second = make_plan(world.desired, after.snapshot, after.observed, world.options);
    return second.steps.empty() ? "" : "not empty:\n" + describe(second);
  });
}

TEST(PlanProperties, EqualInputsGiveEqualBytes) {
  holds("equal bytes", [](const World& world, const Plan& plan) -> std::string {
    World again = world;
    const auto seed = static_cast<unsigned>(below(1000));
    for (auto& [provider, machines] : again.observed.machines) {
      if (!machines) continue;
      std::shuffle((*machines).begin(), (*machines).end(), std::minstd_rand(seed));
    }
    const std::string one = to_json(plan).dump(), other = to_json(plan_of(again)).dump();
    return one == other ? "" : "differs when the machines are listed in another order:\n" + other;
  });
}

TEST(PlanProperties, ASavedPlanIsThePlan) {
  holds("round trip", [](const World&, const Plan& plan) -> std::string {
    const Result<Plan> again = plan_from_json(Json::parse(to_json(plan).dump()));
    if (!again) return again.error().message;
    return *again == plan ? "" : "not the same";
  });
}

}  // namespace
}  // namespace rayctl::planning
