#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>

#include "planner/planner.h"
#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;
using std::chrono::seconds;

const ClusterId kOurs{"c-1"};
const ProviderName kProvider{"aws"};

int below(int n) {
  return *rc::gen::inRange(0, n);
}
bool one_in(int n) {
  return below(n) == n - 1;  // shrinks to false
}

/// A cluster as it is recorded and seen, with limits and something that waits.
struct Cluster {
  Snapshot snapshot;
  Observed observed;
  Scene scene;  ///< config, load and options

  Cluster() {
    scene.fleet.nodes.clear();
    snapshot.lineage = "lineage";
    snapshot.cluster_id = kOurs;
    observed.at = Scene::kNow;
    observed.machines.emplace(kProvider, std::vector<CloudNode>());
    observed.ray.emplace(RayView{});
    for (const char* type : {"a", "b"}) {
      if (!one_in(8)) scene.add_type(type, {{"CPU", 4}}, below(6)).min_workers = below(2);
    }
    scene.config.max_workers = one_in(2) ? below(8) : 100;
    if (one_in(2)) scene.wait({{"CPU", 4}}, below(6));
    add("head-1", "head", true);
    const int nodes = below(8);
    for (int i = 1; i <= nodes; ++i)
      add("", one_in(2) ? "a" : "b", false);
    if (one_in(3)) launch();
    if (!one_in(12)) return;
    observed.machines.insert_or_assign(kProvider,
                                       transient(ErrorCode::kProviderUnavailable, "timed out"));
  }

 private:
  void add(std::string name, const std::string& type, bool head) {
    if (name.empty()) name = type + "-" + std::to_string(++number_);
    NodeRecord record{.type = {type}, .provider = kProvider, .head = head, .id = {"m:" + name}};
    record.phase = head ? Phase::kReady : static_cast<Phase>(below(4));
    record.running.start = {"r"};
    if (one_in(6)) record.launched_at = Scene::kNow - seconds(below(200));
    CloudNode machine{.id = record.id, .cluster = kOurs, .type = record.type, .head = head};
    machine.name = NodeName{name};
    if (!head && one_in(4)) machine.power = static_cast<Power>(below(5));
    if (!head && one_in(10)) machine.unseen = "no answer";
    if (!head && one_in(10)) machine.unwanted = "no longer in the file";
    if (!head && one_in(10)) machine.ends_at = Scene::kNow + seconds(60);
    if (head || !one_in(8)) (*observed.machines.at(kProvider)).push_back(std::move(machine));
    if (head || !one_in(4)) {
      RayNode& ray = (**observed.ray).nodes[record.id];
      ray.total = ray.available = {{"CPU", 4}};
      ray.idle = one_in(2);
      ray.idle_for = seconds(below(600));
      if (!head && one_in(5)) ray.state = static_cast<RayNode::State>(below(3));
    }
    if (!head && one_in(8)) {
      Action action = TerminateNode{{name}, record.id};
      if (one_in(2)) action = DrainNode{{name}, record.id, Millis{60'000}, one_in(2)};
      snapshot.open.push_back({{"t" + name}, std::move(action), Scene::kNow});
    }
    if (head || !one_in(8)) snapshot.nodes[{name}] = std::move(record);
  }

  void launch() {
    const std::string type = one_in(2) ? "a" : "b";
    CreateNodes create{{type}, {}};
    for (int i = below(3); i >= 0; --i)
      create.nodes.push_back({type + "-" + std::to_string(++number_)});
    snapshot.open.push_back({{"launch"}, create, Scene::kNow - seconds(below(300))});
  }

  int number_ = 0;
};

Desired desired_of(const Cluster& cluster, const Scale& scale) {
  Desired desired;
  desired.cluster = {"demo"};
  desired.head_type = {"head"};
  for (const NodeTypeConfig& type : cluster.scene.config.node_types) {
    NodeSpec& spec = desired.specs[type.name];
    spec = {.type = type.name, .provider = kProvider, .head = type.name.text == "head"};
    spec.digests.start = {"r"};
  }
  desired.want = scale.want;
  desired.want[{"head"}] = 1;
  desired.release = scale.release;
  desired.if_idle = scale.if_idle;
  return desired;
}

/// "" if a plan does what was decided, and nothing else, to the count of nodes.
std::string differs(const Fleet& fleet, const Decision& decision, const Plan& plan) {
  std::map<NodeTypeName, int> made = decision.launch, planned;
  std::set<NodeName> ended;
  for (const Step& step : plan.steps) {
    if (const auto* create = std::get_if<CreateNodes>(&step.action)) {
      planned[create->type] += static_cast<int>(create->nodes.size());
    }
    if (const auto* end = std::get_if<TerminateNode>(&step.action)) ended.insert(end->node);
  }
  if (!fleet.machines_seen) {
    return planned.empty() && ended.empty() ? "" : "something changes where nothing is seen";
  }
  for (const FleetNode& node : fleet.nodes) {
    if (node.head) continue;
    const bool goes = decision.scale.release.contains(node.name);
    if (node.stage == Stage::kAsked) {
      if (!goes) ++made[node.type];
    } else if (ended.contains(node.name) && !goes) {
      return node.name.text + " ends, and was not released";
    }
  }
  for (const auto& [type, count] : planned) {
    if (made[type] != count) return "the plan makes " + std::to_string(count) + " " + type.text;
  }
  for (const auto& [type, count] : made) {
    if (planned[type] != count) return std::to_string(count) + " of " + type.text + " not made";
  }
  for (const Release& each : decision.release) {
    const auto node = std::find_if(fleet.nodes.begin(), fleet.nodes.end(),
                                   [&](const auto& one) { return one.name == each.node; });
    const bool machine = node->stage == Stage::kRunning;
    if (machine && !ended.contains(each.node)) return each.node.text + " is released and stays";
  }
  return "";
}

const int kParams = setenv("RC_PARAMS", "max_success=2000", 0);

/// Nobody but the planner turns counts into steps; what is decided must be what it then does.
TEST(Planned, APlanDoesExactlyWhatWasDecided) {
  ASSERT_EQ(kParams, 0);
  EXPECT_TRUE(rc::check("planned", [] {
    const Cluster cluster;
    const Fleet fleet = make_fleet(cluster.snapshot, cluster.observed);
    const Scene& scene = cluster.scene;
    const Decision decision = decide(scene.load, scene.config, fleet, {}, Scene::kNow);
    const Plan plan = make_plan(desired_of(cluster, decision.scale), cluster.snapshot,
                                cluster.observed, {.no_restart = true});
    const std::string wrong = differs(fleet, decision, plan);
    if (wrong.empty()) return;
    std::string text = wrong + "\n";
    for (const FleetNode& node : fleet.nodes)
      text += node.name.text + " " + std::to_string(static_cast<int>(node.stage)) + "\n";
    for (const auto& [type, count] : decision.scale.want)
      text += "want " + type.text + " " + std::to_string(count) + "\n";
    for (const NodeName& name : decision.scale.release)
      text += "release " + name.text + "\n";
    for (const Step& step : plan.steps) {
      text += verb_of(step.action);
      for (const NodeName& name : nodes_of(step.action))
        text += " " + name.text;
      text += "\n";
    }
    RC_FAIL(text);
  }));
}

}  // namespace
}  // namespace rayctl
