#include <gtest/gtest.h>

#include "autoscaler/replay.h"
#include "autoscaler/story.h"
#include "autoscaler/what_if.h"
#include "tests/autoscaler/tick_example.h"

namespace rayctl {
namespace {

using examples::kBegin;
using Stage = FleetNode::Stage;

Config config() {
  Config config;
  config.max_workers = 3;
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}},
                       {.name = {"cpu"}, .max_workers = 2, .resources = {{"CPU", 4}}}};
  return config;
}

FleetNode node(const char* name, Stage stage, double free = 4) {
  FleetNode node{.name = {name}, .type = {"cpu"}, .id = {name}};
  node.stage = stage;
  node.since = kBegin;
  node.total = {{"CPU", 4}};
  node.available = {{"CPU", free}};
  node.idle = stage == Stage::kRunning && free == 4;
  return node;
}

Tick decided(std::int64_t number, const Load& load, const Fleet& fleet, const Memory& memory = {}) {
  const Time at = kBegin + Millis{5'000} * number;
  const Decision decision = decide(load, config(), fleet, memory, at);
  return make_tick(number, at, load, config(), fleet, memory, {}, decision, {});
}

Load waiting(double cpus, std::int64_t count = 1) {
  Load load;
  load.demands = {{.request = {.bundle = {{"CPU", cpus}}}, .count = count}};
  return load;
}

TEST(Replay, GivesTheSameFromWhatIsWritten) {
  const Tick tick = decided(1, waiting(2, 3), {.nodes = {node("cpu-1", Stage::kRunning)}});
  const Result<Tick> read = tick_from_json(to_json(tick));
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(replay(*read).empty());
  EXPECT_EQ(decide_again(*read), tick.decision);
}

TEST(Replay, ShowsBothSides) {
  Tick tick = decided(1, waiting(2, 3), {.nodes = {node("cpu-1", Stage::kRunning)}});
  const int launched = tick.decision.launch.at({"cpu"});
  tick.decision.launch[{"cpu"}] = 7;
  EXPECT_EQ(replay(tick),
            (std::vector<ReplayDifference>{{"/launch/cpu", Json(7), Json(launched)}}));
  tick.decision.launch[{"cpu"}] = launched;
  tick.decision.launch[{"gpu"}] = 1;
  EXPECT_EQ(replay(tick), (std::vector<ReplayDifference>{{"/launch/gpu", Json(1), Json()}}));
}

TEST(Replay, KeepsTheTroublesOfTheRealConfig) {
  Config with = config();
  with.node_types[1].worker_setup_commands = {"false"};
  Fleet fleet;
  fleet.happened = {{.kind = Happened::Kind::kSetUpFailed, .type = {"cpu"}, .at = kBegin}};
  Memory memory;
  for (int i = 0; i < 3; ++i) {
    const Time at = kBegin + Millis{5'000} * i;
    const Decision decision = decide(waiting(1), with, fleet, memory, at);
    EXPECT_TRUE(decision.launch.empty()) << "in quarantine";
    EXPECT_TRUE(
        replay(make_tick(i, at, waiting(1), with, fleet, memory, {}, decision, {})).empty());
    memory = decision.memory;
    fleet.happened.clear();
  }
}

TEST(Story, TellsOfANodeFromItsLaunchToItsEnd) {
  Storyteller teller({"cpu-1"});
  EXPECT_FALSE(teller.story().first);
  Tick tick = decided(1, waiting(1), {});
  teller.hear(tick);
  EXPECT_FALSE(teller.story().first);
  teller.hear(decided(2, {}, {.nodes = {node("cpu-1", Stage::kStarting)}}));
  ASSERT_TRUE(teller.story().launched);
  EXPECT_EQ(teller.story().launched->tick, 1);
  EXPECT_NE(teller.story().launched->because.find("CPU"), std::string::npos);
  EXPECT_FALSE(teller.story().from_the_start);
  teller.hear(decided(3, {}, {.nodes = {node("cpu-1", Stage::kRunning, 1)}}));
  EXPECT_EQ(teller.story().joined->tick, 3);
  EXPECT_FALSE(teller.story().idle);
  FleetNode idle = node("cpu-1", Stage::kRunning);
  idle.idle_for = Millis{301'000};
  teller.hear(decided(4, {}, {.nodes = {idle}}));
  EXPECT_EQ(teller.story().idle, Millis{301'000});
  EXPECT_EQ(teller.story().timeout_s, 300);
  EXPECT_EQ(teller.story().released->tick, 4);
  teller.hear(decided(5, {}, {.nodes = {node("cpu-1", Stage::kLeaving)}}));
  EXPECT_EQ(teller.story().released->tick, 4);
  teller.hear(decided(6, {}, {}));
  EXPECT_EQ(teller.story().gone->tick, 6);
  teller.hear(decided(7, {}, {.nodes = {node("cpu-1", Stage::kRunning, 1)}}));
  EXPECT_FALSE(teller.story().gone) << "another node of that name";
  EXPECT_FALSE(teller.story().released);
}

TEST(Story, SaysWhatItCannotKnow) {
  Storyteller teller({"cpu-1"});
  teller.hear(decided(8, {}, {.nodes = {node("cpu-1", Stage::kRunning, 1)}}));
  EXPECT_TRUE(teller.story().from_the_start);
  EXPECT_FALSE(teller.story().launched);
}

TEST(Story, TakesBackARemovalThatDidNotHappen) {
  Storyteller teller({"cpu-1"});
  FleetNode idle = node("cpu-1", Stage::kRunning);
  idle.idle_for = Millis{301'000};
  teller.hear(decided(1, {}, {.nodes = {idle}}));
  EXPECT_TRUE(teller.story().released);
  teller.hear(decided(2, {}, {.nodes = {node("cpu-1", Stage::kRunning, 2)}}));
  EXPECT_FALSE(teller.story().released);
}

TEST(WhatIf, AnswersByDecidingAgain) {
  struct Row {
    const char* name;
    double cpus;
    Load load;
    std::vector<FleetNode> nodes;
    WhatIf::Kind kind;
  };
  const std::vector<Row> rows = {
      {"room now", 2, {}, {node("cpu-1", Stage::kRunning)}, WhatIf::Kind::kFits},
      {"room on the way", 2, {}, {node("cpu-1", Stage::kStarting)}, WhatIf::Kind::kOnItsWay},
      {"beside what waits", 1, waiting(3), {}, WhatIf::Kind::kOnItsWay},
      {"nothing is there", 2, {}, {}, WhatIf::Kind::kLaunches},
      {"full, and room for another",
       2,
       {},
       {node("cpu-1", Stage::kRunning, 1)},
       WhatIf::Kind::kLaunches},
      {"full, and no room",
       2,
       {},
       {node("cpu-1", Stage::kRunning, 1), node("cpu-2", Stage::kRunning, 1)},
       WhatIf::Kind::kWaits},
      {"what waits takes it all", 4, waiting(4, 9), {}, WhatIf::Kind::kWaits},
      {"too large for any type", 5, {}, {}, WhatIf::Kind::kImpossible},
      {"too large, and waits already", 5, waiting(5, 2), {}, WhatIf::Kind::kImpossible},
  };
  for (const Row& row : rows) {
    const ResourceRequest request{.bundle = {{"CPU", row.cpus}}};
    const WhatIf answer = what_if(decided(1, row.load, {.nodes = row.nodes}), request);
    EXPECT_EQ(answer.kind, row.kind) << row.name;
    EXPECT_EQ(answer.because.empty(),
              row.kind == WhatIf::Kind::kFits || row.kind == WhatIf::Kind::kOnItsWay)
        << row.name << answer.because;
    EXPECT_EQ(answer.type.text, row.kind == WhatIf::Kind::kLaunches ? "cpu" : "") << row.name;
    const bool same = !row.load.demands.empty() && row.load.demands[0].request == request;
    EXPECT_EQ(answer.waiting, same ? row.load.demands[0].count : 0) << row.name;
  }
  const ResourceRequest request{.bundle = {{"CPU", 2}}};
  const Tick tick = decided(
      1, {}, {.nodes = {node("cpu-1", Stage::kRunning, 1), node("cpu-2", Stage::kRunning, 3)}});
  EXPECT_EQ(what_if(tick, request).nodes, (std::vector<NodeName>{{"cpu-2"}}));
}

}  // namespace
}  // namespace rayctl
