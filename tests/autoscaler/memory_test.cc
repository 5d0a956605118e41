#include "autoscaler/memory.h"

#include <gtest/gtest.h>

#include "autoscaler/pacing.h"
#include "autoscaler/patience.h"

namespace rayctl {
namespace {

using Kind = Happened::Kind;

constexpr Time kBegin{Millis{1'800'000'000'000}};
Time at(double seconds) {
  return kBegin + Millis{static_cast<std::int64_t>(seconds * 1000)};
}

Config config() {
  Config config;
  config.max_workers = 20;
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}},
                       {.name = {"cpu"}, .max_workers = 10},
                       {.name = {"gpu"}, .max_workers = 10}};
  return config;
}

Happened failure(Kind kind, Time when, const std::string& where = "") {
  return {
      .kind = kind, .type = {"cpu"}, .node = {"cpu-1"}, .where = where, .what = "no", .at = when};
}

Memory after(Memory memory, const std::vector<Happened>& happened, Time now,
             const Config& with = config()) {
  Fleet fleet;
  fleet.happened = happened;
  return remember(std::move(memory), with, {}, fleet, now);
}

LaunchPace pace(const Memory& memory, Time now, const Config& with = config()) {
  return launch_pace(memory, with, now).at({"cpu"});
}

TEST(Troubles, EachFailureInARowWaitsLongerUpToALimit) {
  struct Row {
    Kind kind;
    std::vector<int> waits;  // in seconds
    int most;
  };
  const std::vector<Row> rows = {
      {Kind::kLaunchFailed, {5, 10, 20, 40, 80, 160, 320, 600, 600}, 600},
      {Kind::kJoinFailed, {30, 60, 120, 240, 480, 600}, 600},
      {Kind::kSetUpFailed, {60, 120, 240, 480, 960, 1800}, 1800},
  };
  for (const Row& row : rows) {
    Memory memory;
    Time now = at(0);
    for (const int wait : row.waits) {
      memory = after(std::move(memory), {failure(row.kind, now)}, now);
      EXPECT_FALSE(pace(memory, now).open);
      EXPECT_EQ(pace(memory, now).opens_at, now + Millis{wait * 1000});
      EXPECT_FALSE(pace(memory, now + Millis{wait * 1000 - 1}).open);
      EXPECT_TRUE(pace(memory, now + Millis{wait * 1000}).open);
      now += Millis{wait * 1000};
    }
    for (int i = 0; i < 1000; ++i) {
      now += Millis{1000};
      memory = after(std::move(memory), {failure(row.kind, now)}, now);
    }
    EXPECT_EQ(memory.trouble.at({"cpu"}).at("").retry_at, now + Millis{row.most * 1000});
    EXPECT_TRUE(launch_pace(memory, config(), now).at({"gpu"}).open) << "no fault of another type";
  }
}

TEST(Troubles, AreCountedWithoutOverflow) {
  for (const Kind kind : {Kind::kLaunchFailed, Kind::kSetUpFailed, Kind::kJoinFailed}) {
    EXPECT_EQ(wait_after(kind, 0), wait_after(kind, 1));
    EXPECT_EQ(wait_after(kind, -1), wait_after(kind, 1));
    EXPECT_EQ(wait_after(kind, std::numeric_limits<int>::max()), wait_after(kind, 1000));
  }
  Memory memory = after({}, {failure(Kind::kLaunchFailed, at(0))}, at(0));
  memory.trouble.at({"cpu"}).at("").in_a_row = std::numeric_limits<int>::max();
  memory = after(std::move(memory), {failure(Kind::kLaunchFailed, at(1))}, at(1));
  EXPECT_EQ(memory.trouble.at({"cpu"}).at("").in_a_row, std::numeric_limits<int>::max());
}

TEST(Troubles, AreForgottenAfterAQuietTime) {
  Memory memory = after({}, {failure(Kind::kLaunchFailed, at(0))}, at(0));
  const Time end = at(5) + Millis{30 * 60'000};
  double last = 0;
  for (Time now = at(5); now < end; now += Millis{60'000}) {
    const double availability = pace(memory, now).availability;
    EXPECT_GT(availability, last);
    EXPECT_LT(availability, 1);
    last = availability;
  }
  EXPECT_EQ(after(memory, {}, end - Millis{1}).trouble.size(), 1U);
  memory = after(memory, {}, end);
  EXPECT_TRUE(memory.trouble.empty());
  EXPECT_EQ(pace(memory, end), LaunchPace{});
}

TEST(Troubles, OfManyNodesInOneTickCountOnce) {
  std::vector<Happened> happened;
  for (int i = 0; i < 100; ++i)
    happened.push_back(failure(Kind::kSetUpFailed, at(i * 0.001)));
  const Memory memory = after({}, happened, at(1));
  EXPECT_EQ(memory.trouble.at({"cpu"}).at("").in_a_row, 1);
  EXPECT_EQ(after(memory, happened, at(6)).trouble, memory.trouble) << "told twice";
}

TEST(Troubles, WithAZoneCloseThatZoneAlone) {
  Memory memory = after({}, {failure(Kind::kLaunchFailed, at(0), "us-west-2a")}, at(0));
  EXPECT_TRUE(pace(memory, at(0)).open);
  EXPECT_LT(pace(memory, at(1)).availability, 1);
  memory = after(std::move(memory), {failure(Kind::kLaunchFailed, at(2))}, at(2));
  EXPECT_FALSE(pace(memory, at(2)).open);
}

TEST(Troubles, OfTheProviderAreNoTypesFault) {
  Memory memory;
  for (int i = 0; i < 1000; ++i) {
    memory =
        after(std::move(memory), {{.kind = Kind::kUnreachable, .what = "502", .at = at(i)}}, at(i));
  }
  EXPECT_TRUE(memory.trouble.empty());
}

TEST(Troubles, EndWhenANodeJoins) {
  const Memory memory = after({}, {failure(Kind::kSetUpFailed, at(0))}, at(0));
  EXPECT_TRUE(after(memory, {failure(Kind::kJoined, at(70))}, at(70)).trouble.empty());
  const std::vector<Happened> both = {failure(Kind::kJoined, at(70)),
                                      failure(Kind::kSetUpFailed, at(70))};
  EXPECT_EQ(after(memory, both, at(70)).trouble.at({"cpu"}).at("").in_a_row, 1)
      << "what fails with it is new";
}

TEST(Quarantine, IsLeftByOneNodeThatTries) {
  const Memory memory = after({}, {failure(Kind::kSetUpFailed, at(0))}, at(0));
  EXPECT_FALSE(pace(memory, at(59)).open);
  EXPECT_EQ(pace(memory, at(50)).closed_because, "set-up failed 1 time, next try in 10 s: no");
  EXPECT_TRUE(pace(memory, at(60)).open);
  EXPECT_TRUE(pace(memory, at(60)).one_tries);
  const Memory launch = after({}, {failure(Kind::kLaunchFailed, at(0))}, at(0));
  EXPECT_FALSE(pace(launch, at(60)).one_tries) << "a failed launch costs nothing";
}

TEST(Quarantine, EndsAtOnceWithAnotherSetUp) {
  const Memory memory = after({}, {failure(Kind::kSetUpFailed, at(0))}, at(0));
  struct Row {
    const char* name;
    void (*change)(Config&);
    bool ends;
  };
  const std::vector<Row> rows = {
      {"nothing", [](Config&) {}, false},
      {"limits", [](Config& c) { c.node_types[1].max_workers = 3; }, false},
      {"time-out", [](Config& c) { c.node_types[1].idle_timeout_s = 3; }, false},
      {"another type", [](Config& c) { c.node_types[2].worker_setup_commands = {"a"}; }, false},
      {"set-up", [](Config& c) { c.node_types[1].worker_setup_commands = {"a"}; }, true},
      {"image", [](Config& c) { c.node_types[1].node_config["ImageId"] = "ami-1"; }, true},
      {"mounts", [](Config& c) { c.file_mounts.push_back({.remote = "~/a", .local = "/a"}); },
       true},
      {"type gone", [](Config& c) { c.node_types.erase(c.node_types.begin() + 1); }, true},
  };
  for (const Row& row : rows) {
    Config changed = config();
    row.change(changed);
    EXPECT_EQ(after(memory, {}, at(5), changed).trouble.empty(), row.ends) << row.name;
  }
}

TEST(Quarantine, IsNotEndedByALaunchThatFailsBesideIt) {
  Memory memory = after({}, {failure(Kind::kSetUpFailed, at(0))}, at(0));
  memory = after(std::move(memory), {failure(Kind::kLaunchFailed, at(58))}, at(58));
  EXPECT_EQ(memory.trouble.at({"cpu"}).at("").kind, Kind::kSetUpFailed);
  EXPECT_EQ(pace(memory, at(58)).opens_at, at(63));
  Memory other = after({}, {failure(Kind::kLaunchFailed, at(0))}, at(0));
  other = after(std::move(other), {failure(Kind::kSetUpFailed, at(6))}, at(6));
  EXPECT_EQ(other.trouble.at({"cpu"}).at("").kind, Kind::kSetUpFailed);
  EXPECT_EQ(pace(other, at(6)).opens_at, at(66));
}

TEST(Troubles, AreKeptSaneWhenTheClockIsSetBack) {
  Memory memory;
  for (int i = 0; i < 3; ++i)
    memory = after(std::move(memory), {failure(Kind::kLaunchFailed, at(7200 + i))}, at(7200 + i));
  memory = after(std::move(memory), {}, at(0));
  EXPECT_EQ(pace(memory, at(0)).opens_at, at(20)) << "no longer than three failures are worth";
  memory = after(std::move(memory), {failure(Kind::kLaunchFailed, at(1))}, at(1));
  EXPECT_EQ(memory.trouble.at({"cpu"}).at("").in_a_row, 4);
}

FleetNode idle_node(double idle_seconds) {
  FleetNode node{.name = {"cpu-1"}, .type = {"cpu"}, .id = {"i-1"}};
  node.stage = FleetNode::Stage::kRunning;
  node.total = node.available = {{"CPU", 4}, {"node:10.0.0.1", 1}};
  node.idle = true;
  node.idle_for = Millis{static_cast<std::int64_t>(idle_seconds * 1000)};
  return node;
}

Load waiting(Resources bundle, std::vector<LabelSelector> selectors = {}) {
  Load load;
  load.demands = {{.request = {std::move(bundle), std::move(selectors)}}};
  return load;
}

/// Seconds of idleness after a second look at `now`; -1: in use.
double idle_after(const FleetNode& first, double then, const FleetNode& second, double now,
                  const Load& load = {}) {
  Fleet fleet{.nodes = {first}};
  Memory memory = remember({}, config(), {}, fleet, at(then));
  fleet.nodes = {second};
  memory = remember(std::move(memory), config(), load, fleet, at(now));
  const std::optional<Millis> idle = idle_time(memory, second, at(now));
  return idle ? static_cast<double>(idle->count()) / 1000 : -1;
}

TEST(IdleClock, GoesByWhatRaySays) {
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(15), 5), 15);
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(14.5), 5), 15) << "late by half a second";
  EXPECT_EQ(idle_after(idle_node(0), 0, idle_node(400), 5), 400) << "it knows of more";
  FleetNode busy = idle_node(0);
  busy.idle = false;
  EXPECT_EQ(idle_after(idle_node(10), 0, busy, 5), -1);
  EXPECT_EQ(idle_after(busy, 0, idle_node(3), 5), 3);
  FleetNode leaving = idle_node(15);
  leaving.stage = FleetNode::Stage::kLeaving;
  EXPECT_EQ(idle_after(idle_node(10), 0, leaving, 5), -1);
}

TEST(IdleClock, BeginsAnewWhenTheNodeWasInUseBetweenTwoLooks) {
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5), 1);
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"CPU", 1}})), 1)
      << "what waits may have run there";
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({})), 1);
}

// https://github.com/ray-project/ray/issues/60546
TEST(IdleClock, GoesOnWhenRaysBeginsAnewForTasksThatCannotRunThere) {
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"GPU", 1}})), 105);
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"CPU", 8}})), 105);
  const LabelRule west{.key = "zone", .values = {"west"}};
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"CPU", 1}}, {{west}})), 105);
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"CPU", 1}}, {{west}, {}})), 1);
  LabelRule not_west = west;
  not_west.in = false;
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, waiting({{"CPU", 1}}, {{not_west}})), 1);
  Load gang;
  gang.gangs = {{.id = "g", .bundles = {{.bundle = {{"GPU", 1}}}}}};
  EXPECT_EQ(idle_after(idle_node(100), 0, idle_node(1), 5, gang), 105);
  FleetNode used = idle_node(1);
  used.available["CPU"] = 3;
  EXPECT_EQ(idle_after(idle_node(100), 0, used, 5, waiting({{"GPU", 1}})), 1);
}

TEST(IdleClock, KeptOnceIsKeptAtLaterTicks) {
  Fleet fleet{.nodes = {idle_node(100)}};
  Memory memory = remember({}, config(), {}, fleet, at(0));
  for (int tick = 1; tick < 10; ++tick) {
    fleet.nodes = {idle_node(tick * 5 - 4)};
    const Load load = tick < 5 ? waiting({{"GPU", 1}}) : Load{};
    memory = remember(std::move(memory), config(), load, fleet, at(tick * 5));
    EXPECT_EQ(idle_time(memory, fleet.nodes[0], at(tick * 5)), Millis{(100 + tick * 5) * 1000});
  }
}

TEST(IdleClock, BelievesRayAloneWhenTheClockJumps) {
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(15), -7200), 15) << "back";
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(15), 7200), 15) << "hours ahead";
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(15), 7200, waiting({{"GPU", 1}})), 15);
  EXPECT_EQ(idle_after(idle_node(10), 0, idle_node(10), 0), 10) << "no time at all";
  EXPECT_EQ(idle_after(idle_node(-10), 0, idle_node(-5), 5), 0) << "less than nothing";
}

TEST(IdleClock, IsTotal) {
  const FleetNode node = [] {
    FleetNode each = idle_node(0);
    each.idle_for = Millis::max();
    return each;
  }();
  const Fleet fleet{.nodes = {node}};
  for (const Time now : {Time{}, Time::min(), Time::max(), at(0)}) {
    const Memory memory = remember({}, config(), {}, fleet, now);
    EXPECT_EQ(memory.idle_since.at(node.name), Time{});
  }
  EXPECT_FALSE(idle_time({}, node, at(0)));
  EXPECT_TRUE(remember({}, config(), {}, {}, at(0)).idle_since.empty());
}

TEST(MemoryCodec, ReadsWhatItWrites) {
  Memory memory = after(
      {}, {failure(Kind::kSetUpFailed, at(0)), failure(Kind::kLaunchFailed, at(1), "us-west-2a")},
      at(2));
  memory.brought_up = true;
  memory.idle_since[{"cpu-1"}] = at(-5);
  const Json json = to_json(memory);
  const Result<Memory> read = memory_from_json(json);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(*read, memory);
  EXPECT_EQ(to_json(*read), json);
}

TEST(MemoryCodec, RefusesWhatItCannotRead) {
  Json later = to_json(Memory{});
  later["format_version"] = "2.0";
  EXPECT_EQ(memory_from_json(later).error().code, ErrorCode::kStateTooNew);
  later["format_version"] = "1.7";
  later["unheard_of"] = 1;
  EXPECT_TRUE(memory_from_json(later).ok());
  const Json good = to_json(Memory{});
  for (const auto& [key, value] : good.items()) {
    Json without = good;
    without.erase(key);
    EXPECT_EQ(memory_from_json(without).error().code, ErrorCode::kStateCorrupt) << key;
    Json wrong = good;
    wrong[key] = 7;
    EXPECT_EQ(memory_from_json(wrong).error().code, ErrorCode::kStateCorrupt) << key;
  }
  EXPECT_EQ(memory_from_json(Json()).error().code, ErrorCode::kStateCorrupt);
}

}  // namespace
}  // namespace rayctl
