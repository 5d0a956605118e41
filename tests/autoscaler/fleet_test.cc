#include "autoscaler/fleet.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rayctl {
namespace {

using std::chrono::seconds;
using Stage = FleetNode::Stage;

constexpr Time kNow{Millis{1'700'000'000'000}};
const ClusterId kOurs{"c-1"};
const ProviderName kProvider{"aws"};

/// Records and machines of one cluster, all well.
struct Seen {
  Snapshot snapshot;
  Observed observed;

  Seen() {
    snapshot.cluster_id = kOurs;
    observed.at = kNow;
    observed.machines.emplace(kProvider, std::vector<CloudNode>());
    observed.ray.emplace(RayView{});
  }
  NodeRecord& record(const std::string& name, Phase phase = Phase::kReady) {
    NodeRecord& made = snapshot.nodes[{name}];
    made = {.type = {"cpu"}, .provider = kProvider, .id = {"m:" + name}};
    made.phase = phase;
    return made;
  }
  std::vector<CloudNode>& machines() { return *observed.machines.at(kProvider); }
  CloudNode& machine(const std::string& name) {
    machines().push_back({.id = {"m:" + name}, .cluster = kOurs, .type = NodeTypeName{"cpu"}});
    return machines().back();
  }
  RayNode& ray(const std::string& name) { return (**observed.ray).nodes[{"m:" + name}]; }

  /// "cpu-1 running, cpu-2 asked".
  std::string shown() const {
    static const char* const kWords[] = {"asked", "starting", "running", "leaving", "failed"};
    std::string text;
    for (const FleetNode& node : make_fleet(snapshot, observed).nodes) {
      if (!text.empty()) text += ", ";
      text += node.name.text + " " + kWords[static_cast<std::size_t>(node.stage)];
    }
    return text;
  }
};

TEST(Fleet, JoinsRecordMachineAndRay) {
  Seen seen;
  seen.record("cpu-1").launched_at = kNow - seconds(500);
  seen.machine("cpu-1").ends_at = kNow + seconds(90);
  RayNode& ray = seen.ray("cpu-1");
  ray.total = {{"CPU", 4}};
  ray.available = {{"CPU", 1}};
  ray.labels = {{"zone", "a"}};
  ray.idle = true;
  ray.idle_for = seconds(7);
  const FleetNode expected{.name = {"cpu-1"},
                           .type = {"cpu"},
                           .id = {"m:cpu-1"},
                           .stage = Stage::kRunning,
                           .since = kNow - seconds(500),
                           .total = {{"CPU", 4}},
                           .available = {{"CPU", 1}},
                           .labels = {{"zone", "a"}},
                           .idle = true,
                           .idle_for = seconds(7),
                           .ends_at = kNow + seconds(90)};
  EXPECT_EQ(make_fleet(seen.snapshot, seen.observed).nodes, std::vector{expected});
}

TEST(Fleet, StagesFollowPhaseAndRay) {
  struct Row {
    Phase phase;
    std::optional<RayNode::State> ray;
    const char* stage;
  };
  const Row rows[] = {
      {Phase::kLaunched, std::nullopt, "starting"},
      {Phase::kLaunched, RayNode::State::kAlive, "running"},
      {Phase::kReady, RayNode::State::kAlive, "running"},
      {Phase::kReady, RayNode::State::kDraining, "leaving"},
      {Phase::kReady, RayNode::State::kDead, "starting"},
      {Phase::kReady, std::nullopt, "starting"},
      {Phase::kFailed, std::nullopt, "failed"},
      {Phase::kFailed, RayNode::State::kAlive, "running"},
      {Phase::kDraining, RayNode::State::kAlive, "leaving"},
  };
  for (const Row& row : rows) {
    Seen seen;
    seen.record("cpu-1", row.phase);
    seen.machine("cpu-1");
    if (row.ray) seen.ray("cpu-1").state = *row.ray;
    EXPECT_EQ(seen.shown(), std::string("cpu-1 ") + row.stage);
  }
}

TEST(Fleet, WithoutRayReadyNodesRun) {
  Seen seen;
  seen.record("cpu-1");
  seen.machine("cpu-1");
  seen.observed.ray.reset();
  EXPECT_EQ(seen.shown(), "cpu-1 running");
}

TEST(Fleet, MachinesThatEndOrAreNotWantedLeave) {
  const auto of = [](auto change) {
    Seen seen;
    seen.record("cpu-1");
    change(seen.machine("cpu-1"));
    return seen.shown();
  };
  EXPECT_EQ(of([](CloudNode& one) { one.power = Power::kStopping; }), "cpu-1 leaving");
  EXPECT_EQ(of([](CloudNode& one) { one.power = Power::kStopped; }), "cpu-1 leaving");
  EXPECT_EQ(of([](CloudNode& one) { one.unwanted = "not in the file"; }), "cpu-1 leaving");
  EXPECT_EQ(of([](CloudNode& one) { one.power = Power::kGone; }), "");
  EXPECT_EQ(of([](CloudNode& one) { one.cached = true; }), "");
  EXPECT_EQ(of([](CloudNode& one) { one.cluster = ClusterId{"c-2"}; }), "cpu-1 failed");
  EXPECT_EQ(of([](CloudNode& one) { one.unseen = "no answer"; }), "cpu-1 starting");
}

TEST(Fleet, AListMayLagBehindALaunch) {
  Seen seen;
  seen.record("cpu-1").launched_at = kNow - seconds(119);
  seen.record("cpu-2").launched_at = kNow - seconds(120);
  seen.record("cpu-3");
  seen.record("cpu-4").id = {};
  seen.snapshot.open = {{.token = {"t"}, .action = CreateNodes{{"cpu"}, {{"cpu-3"}, {"cpu-4"}}}}};
  seen.snapshot.open[0].begun_at = kNow - seconds(1);
  EXPECT_EQ(seen.shown(), "cpu-1 starting, cpu-3 starting");
  seen.observed.prompt.insert(kProvider);
  EXPECT_EQ(seen.shown(), "") << "where a list lacks nothing";
  seen.record("cpu-1").launched_at = kNow + seconds(1);
  EXPECT_EQ(seen.shown(), "cpu-1 starting") << "but what was made since";
}

TEST(Fleet, AnOutageIsNotTheEndOfNodes) {
  Seen seen;
  seen.record("cpu-1");
  seen.observed.machines.insert_or_assign(kProvider,
                                          transient(ErrorCode::kProviderUnavailable, "timed out"));
  EXPECT_EQ(seen.shown(), "cpu-1 starting");
  EXPECT_FALSE(make_fleet(seen.snapshot, seen.observed).machines_seen);
}

TEST(Fleet, LaunchesCountAsFarAsNoMachineCarriesTheirToken) {
  Seen seen;
  seen.snapshot.open = {
      {.token = {"t"}, .action = CreateNodes{{"cpu"}, {{"cpu-1"}, {"cpu-2"}, {"cpu-3"}}}}};
  seen.record("cpu-3");
  seen.machine("cpu-3").token = OpToken{"t"};
  CloudNode& loose = seen.machine("x");
  loose.token = OpToken{"t"};
  loose.type.reset();
  EXPECT_EQ(seen.shown(), "cpu-1 starting, cpu-2 asked, cpu-3 starting");
}

TEST(Fleet, AMachineOfOursWithoutARecordCounts) {
  Seen seen;
  seen.machine("a").name = NodeName{"cpu-7"};
  seen.machine("b");
  seen.machine("c").cluster.reset();
  seen.machine("d").type.reset();
  EXPECT_EQ(seen.shown(), "cpu-7 starting, m:b starting");
}

TEST(Fleet, WhatWasBegunToEndLeavesUnlessItMayStay) {
  Seen seen;
  for (const char* name : {"cpu-1", "cpu-2", "cpu-3"}) {
    seen.record(name);
    seen.machine(name);
    seen.ray(name);
  }
  seen.snapshot.open = {{.token = {"1"}, .action = TerminateNode{{"cpu-1"}, {"m:cpu-1"}}},
                        {.token = {"2"}, .action = DrainNode{{"cpu-2"}, {"m:cpu-2"}}},
                        {.token = {"3"}, .action = DrainNode{{"cpu-3"}, {"m:cpu-3"}}}};
  std::get<DrainNode>(seen.snapshot.open[2].action).if_idle = true;
  EXPECT_EQ(seen.shown(), "cpu-1 leaving, cpu-2 leaving, cpu-3 running");
}

TEST(Fleet, OrderOfMachinesIsNothing) {
  Seen seen;
  for (const char* name : {"a", "b", "c"})
    seen.machine(name).name = NodeName{"cpu-1"};
  seen.machine("a").power = Power::kStopped;  // listed twice
  const Fleet one = make_fleet(seen.snapshot, seen.observed);
  std::reverse(seen.machines().begin(), seen.machines().end());
  EXPECT_EQ(make_fleet(seen.snapshot, seen.observed), one);
  EXPECT_EQ(one.nodes.size(), 3U);
}

}  // namespace
}  // namespace rayctl
