#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "autoscaler/packing/amount.h"
#include "autoscaler/packing/vocabulary.h"
#include "tests/autoscaler/scene.h"

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;
using std::chrono::seconds;

int below(int n) {
  return *rc::gen::inRange(0, n);
}
bool one_in(int n) {
  return below(n) == n - 1;  // shrinks to false
}

/// Scenes of every kind: nodes in all stages, limits that bind and limits that do not, everything
/// that can wait.
class SceneMaker {
 public:
  Scene make() {
    limits();
    const int nodes = below(10);
    for (int i = 0; i < nodes; ++i)
      node(i);
    wait();
    brakes();
    return std::move(scene_);
  }

 private:
  static std::string type_name() { return std::string(1, static_cast<char>('a' + below(4))); }

  void limits() {
    const std::vector<Resources> sizes = {
        {{"CPU", 4}}, {{"CPU", 8}, {"GPU", 2}}, {{"CPU", 1}}, {{"CPU", 16}, {"memory", 64e9}}};
    for (const char* name : {"a", "b", "c", "d"}) {
      if (one_in(4)) continue;
      NodeTypeConfig& type =
          scene_.add_type(name, sizes[static_cast<std::size_t>(below(4))], below(6));
      type.min_workers = one_in(3) ? below(type.max_workers + 1) : 0;
      if (one_in(3)) type.labels = {{"zone", one_in(2) ? "z1" : "z2"}};
      if (one_in(4)) type.priority = below(3);
      if (one_in(4)) type.idle_timeout_s = below(600);
    }
    scene_.config.max_workers = one_in(2) ? below(12) : 100;
  }

  void node(int number) {
    const std::string type = type_name();
    FleetNode& node = scene_.add_node(type, type + "-" + std::to_string(number));
    node.stage = one_in(3) ? static_cast<Stage>(below(5)) : Stage::kRunning;
    if (node.stage != Stage::kRunning) node.total = node.available = {};
    if (const NodeTypeConfig* of = scene_.config.find({type})) node.labels = of->labels;
    node.outdated = one_in(6);
    if (one_in(8)) node.ends_at = Scene::kNow + seconds(below(100));
    if (node.stage != Stage::kRunning) return;
    if (one_in(2)) {
      node.idle = true;
      node.idle_for = seconds(below(900));
      scene_.memory.idle_since[node.name] = Scene::kNow - node.idle_for;
    } else {
      for (auto& [name, free] : node.available)
        free = name == "memory" ? free : below(static_cast<int>(free) + 1);
    }
  }

  static ResourceRequest request() {
    const std::vector<Resources> bundles = {
        {{"CPU", 1}},  {{"CPU", 0.5}},           {{"CPU", 4}}, {{"CPU", 1}, {"GPU", 1}},
        {{"CPU", 12}}, {{"memory", 8e9}},        {},           {{"GPU", 0.25}},
        {{"CPU", 64}}, {{"TPU", 1}, {"CPU", 1}}, {{"CPU", 2}}};
    ResourceRequest made{.bundle = bundles[static_cast<std::size_t>(below(11))]};
    if (one_in(4)) made.selectors.push_back({{"zone", !one_in(3), {"z1"}}});
    if (!made.selectors.empty() && one_in(2)) made.selectors.push_back({{"zone", true, {"z2"}}});
    return made;
  }

  void wait() {
    const int demands = below(5);
    for (int i = 0; i < demands; ++i)
      scene_.load.demands.push_back({request(), 1 + below(12)});
    const int gangs = one_in(2) ? below(4) : 0;
    for (int i = 0; i < gangs; ++i) {
      Gang gang{.id = std::to_string(i), .strategy = static_cast<GangStrategy>(below(4))};
      gang.bundles.assign(std::size_t{1} + static_cast<std::size_t>(below(4)), request());
      if (one_in(3)) gang.bundles.push_back(request());
      scene_.load.gangs.push_back(std::move(gang));
    }
    if (!one_in(3)) return;
    for (int i = below(3); i >= 0; --i)
      scene_.load.asked.push_back({request(), 1 + below(6)});
  }

  void brakes() {
    for (const char* name : {"a", "b", "c", "d"}) {
      if (one_in(8)) scene_.brakes.pace[{name}] = {.open = false, .closed_because = "it failed"};
      if (one_in(8)) scene_.brakes.pace[{name}] = {.one_tries = true, .availability = 0.5};
      if (one_in(5)) scene_.brakes.at_once[{name}] = below(4);
      if (one_in(12)) scene_.options.frozen.insert({name});
    }
    if (one_in(6)) scene_.brakes.wish = below(6);
    scene_.options.replace_outdated = one_in(4);
    scene_.options.scale_down = !one_in(6);
  }

  Scene scene_;
};

/// Nodes of a worker type that fill a place.
int there(const Scene& scene, const NodeTypeName& type) {
  return static_cast<int>(
      std::count_if(scene.fleet.nodes.begin(), scene.fleet.nodes.end(), [&](const auto& node) {
        return !node.head && node.type == type && node.stage != Stage::kLeaving;
      }));
}

int released(const Decision& decision, const NodeTypeName& type, bool idle_too = true) {
  return static_cast<int>(
      std::count_if(decision.release.begin(), decision.release.end(), [&](const auto& each) {
        return each.type == type && (idle_too || each.cause != Cause::kIdle);
      }));
}

int sum(const std::map<NodeTypeName, int>& counts) {
  int all = 0;
  for (const auto& [type, count] : counts)
    all += count;
  return all;
}

/// The cluster's maximum was reached before idle nodes were released.
bool full(const Scene& scene, const Decision& decision) {
  const int idle = static_cast<int>(decision.scale.if_idle.size());
  return sum(decision.scale.want) + idle >= scene.config.max_workers;
}

std::string shown(const Scene& scene, const Decision& decision) {
  std::string text;
  for (const NodeTypeConfig& type : scene.config.node_types) {
    text += "type " + type.name.text + " " + std::to_string(type.min_workers) + ".." +
            std::to_string(type.max_workers) + ": " + std::to_string(there(scene, type.name)) +
            " there, " + std::to_string(released(decision, type.name)) + " released, " +
            std::to_string(launched(decision, type.name.text)) + " launched\n";
  }
  return text + "most " + std::to_string(scene.config.max_workers) + "\n" + releases(decision) +
         unmet(decision) + reasons(decision);
}

const int kParams = setenv("RC_PARAMS", "max_success=2000", 0);

/// `rule` is "" where it holds.
template <class Rule>
void holds(const char* name, const Rule& rule) {
  ASSERT_EQ(kParams, 0);
  EXPECT_TRUE(rc::check(name, [&] {
    const Scene scene = SceneMaker().make();
    const Decision decision = scene.decide();
    const std::string broken = rule(scene, decision);
    if (!broken.empty()) RC_FAIL(broken + "\n" + shown(scene, decision));
  }));
}

TEST(DecideProperties, NeverAboveAMaximum) {
  holds("maxima", [](const Scene& scene, const Decision& decision) -> std::string {
    for (const auto& [type, want] : decision.scale.want) {
      const int change = launched(decision, type.text) - released(decision, type);
      if (want != there(scene, type) + change) return "counts of " + type.text + " do not add up";
      const bool frozen = scene.options.frozen.contains(type);
      if (!frozen && want > scene.config.find(type)->max_workers) return "too many " + type.text;
      if (frozen && change != 0) return "a paused type changes";
    }
    const bool over = sum(decision.scale.want) > scene.config.max_workers;
    return over && scene.options.frozen.empty() ? "too many workers" : "";
  });
}

TEST(DecideProperties, NeverBelowAMinimumUnlessALimitSaysSo) {
  holds("minima", [](const Scene& scene, const Decision& decision) -> std::string {
    for (const auto& [type, want] : decision.scale.want) {
      const int least = scene.config.find(type)->min_workers;
      const bool braked = scene.options.frozen.contains(type) || scene.brakes.pace.contains(type);
      const int others = released(decision, type, true) - released(decision, type, false);
      if (want < least && others > 0) return "released for idleness below the minimum";
      if (want < least && !braked && !full(scene, decision))
        return "fewer than min_workers of " + type.text;
    }
    return "";
  });
}

TEST(DecideProperties, WhatIsInUseIsReleasedOnlyToObey) {
  holds("releases", [](const Scene& scene, const Decision& decision) -> std::string {
    for (const Release& each : decision.release) {
      const auto node = std::find_if(scene.fleet.nodes.begin(), scene.fleet.nodes.end(),
                                     [&](const auto& one) { return one.name == each.node; });
      if (node == scene.fleet.nodes.end() || node->head) return "released whom it may not";
      if (each.because.empty()) return "no reason for " + each.node.text;
      if ((each.cause == Cause::kIdle) != decision.scale.if_idle.contains(each.node)) {
        return "only idle nodes may stay if Ray says so";
      }
      if (each.cause != Cause::kIdle) continue;
      const NodeTypeConfig& type = *scene.config.find(each.type);
      const double timeout = type.idle_timeout_s.value_or(300);
      if (!node->idle || static_cast<double>(node->idle_for.count()) <= timeout * 1000) {
        return "released too early";
      }
    }
    return "";
  });
}

/// What idle nodes were not needed for is not there to be launched once they are gone.
TEST(DecideProperties, WhatIsReleasedForIdlenessIsNotMadeAgain) {
  holds("no loop", [](const Scene& scene, const Decision& decision) -> std::string {
    Scene after = scene;
    std::erase_if(after.fleet.nodes, [&](const FleetNode& node) {
      return decision.scale.release.contains(node.name);
    });
    // Where the nodes that went make room for what waited, more is launched: that is no loop.
    const bool waits = std::any_of(decision.unmet.begin(), decision.unmet.end(),
                                   [](const Unmet& each) { return !each.impossible; });
    if (waits || full(scene, decision)) return "";
    const Decision second = after.decide();
    for (const auto& [type, count] : second.launch) {
      const int idle = released(decision, type) - released(decision, type, false);
      if (idle > 0 && count > launched(decision, type.text)) return "made again: " + type.text;
    }
    return second.scale.if_idle.empty() ? "" : "and another one is idle";
  });
}

TEST(DecideProperties, OrderOfTheInputIsNothing) {
  holds("order", [](const Scene& scene, const Decision& decision) -> std::string {
    Scene other = scene;
    std::minstd_rand random(static_cast<unsigned>(below(1000)));
    std::shuffle(other.fleet.nodes.begin(), other.fleet.nodes.end(), random);
    std::shuffle(other.load.demands.begin(), other.load.demands.end(), random);
    std::shuffle(other.load.gangs.begin(), other.load.gangs.end(), random);
    std::shuffle(other.load.asked.begin(), other.load.asked.end(), random);
    const Decision second = other.decide();
    return second == decision ? "" : "decided otherwise:\n" + shown(other, second);
  });
}

int held_back(const Decision& decision) {
  int count = 0;
  for (const DecisionReason& each : decision.reasons) {
    if (each.text.starts_with("held back: upscaling_speed")) count += each.count;
  }
  return count;
}

bool could_hold(const NodeTypeConfig& type, const ResourceRequest& request) {
  return label_rank(request, type.labels).value_or(1) > 0 &&
         std::all_of(request.bundle.begin(), request.bundle.end(), [&](const auto& each) {
           return amount_of(type.resources, each.first) >= to_amount(each.second);
         });
}

TEST(DecideProperties, ADemandThatFitsOnATypeWithRoomIsNeverStarved) {
  holds("starvation", [](const Scene& scene, const Decision& decision) -> std::string {
    // What is put off keeps its room until it is launched.
    const bool none_left = held_back(decision) > 0 || full(scene, decision);
    for (const Unmet& each : decision.unmet) {
      if (each.because.empty()) return "no reason";
      if (each.kind != Unmet::Kind::kDemand) continue;
      for (const auto& [name, want] : decision.scale.want) {
        const NodeTypeConfig& type = *scene.config.find(name);
        if (!could_hold(type, each.request)) continue;
        if (each.impossible) return "called impossible, and " + name.text + " could hold it";
        const bool braked = scene.options.frozen.contains(name) ||
                            scene.brakes.pace.contains(name) || scene.brakes.at_once.contains(name);
        const int before = want + released(decision, name) - released(decision, name, false);
        if (!braked && !none_left && before < type.max_workers) return "starved: " + name.text;
      }
    }
    return "";
  });
}

/// A group is placed whole or not at all: no launch is for a group that is also reported.
TEST(DecideProperties, EveryLaunchHasItsReason) {
  holds("reasons", [](const Scene& scene, const Decision& decision) -> std::string {
    std::map<NodeTypeName, int> said;
    for (const DecisionReason& each : decision.reasons) {
      if (each.text.empty()) return "an empty reason";
      if (each.node.empty() && !each.text.starts_with("held back")) said[each.type] += each.count;
    }
    for (const Unmet& each : decision.unmet) {
      const bool known =
          each.kind != Unmet::Kind::kGang ||
          std::count(scene.load.gangs.begin(), scene.load.gangs.end(), each.gang) > 0;
      if (!known) return "a group that nobody asked for";
    }
    return said == decision.launch ? "" : "reasons and launches do not match";
  });
}

}  // namespace
}  // namespace rayctl
