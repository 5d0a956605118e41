#pragma once
#include "autoscaler/start_digest.h"
#include "autoscaler/tick.h"

namespace rayctl::examples {

inline constexpr Time kBegin{Millis{1'800'000'000'000}};

inline Config tick_config() {
  Config config;
  config.cluster = {"demo"};
  config.head_type = {"head"};
  config.max_workers = 9;
  config.autoscaling_mode = "default";
  config.target_utilization_fraction = 0.7;
  config.initial_workers = 1;
  config.node_types = {{.name = {"head"}, .resources = {{"CPU", 0}}},
                       {.name = {"cpu"},
                        .min_workers = 1,
                        .max_workers = 4,
                        .resources = {{"CPU", 4}},
                        .labels = {{"zone", "a"}},
                        .worker_setup_commands = {"echo password"},
                        .idle_timeout_s = 30,
                        .priority = 2}};
  return config;
}

/// A tick in which nothing is empty.
inline Tick tick(std::int64_t number = 7, Time at = kBegin) {
  const Config config = tick_config();
  Load load;
  load.version = number;
  const LabelRule rule{.key = "zone", .in = false, .values = {"b"}};
  const ResourceRequest request{.bundle = {{"CPU", 0.1}}, .selectors = {{rule}}};
  load.demands = {{.request = request, .count = 3}};
  load.gangs = {{.id = "g", .strategy = GangStrategy::kStrictSpread, .bundles = {request}}};
  load.asked = {{.request = request, .count = 2}};
  Fleet fleet;
  FleetNode node{.name = {"cpu/1~"}, .type = {"cpu"}, .id = {"i-1"}};
  node.stage = FleetNode::Stage::kRunning;
  node.since = kBegin - Millis{100'000};
  node.total = node.available = {{"CPU", 4}};
  node.labels = {{"zone", "a"}};
  node.idle = true;
  node.idle_for = at - kBegin + Millis{12'345};
  node.activity = {"none"};
  node.ends_at = kBegin + Millis{1};
  fleet.nodes = {node, {.name = {"cpu_2"}, .type = {"cpu"}, .failure = "no"}};
  fleet.nodes[1].stage = FleetNode::Stage::kFailed;
  fleet.happened = {{.kind = Happened::Kind::kSetUpFailed,
                     .type = {"cpu"},
                     .node = {"cpu_2"},
                     .where = "a",
                     .what = "no",
                     .at = kBegin}};
  const Trouble trouble{.in_a_row = 1,
                        .first = kBegin,
                        .last = kBegin,
                        .retry_at = kBegin,
                        .config = start_digest(config, config.node_types[1]),
                        .what = "no"};
  Memory memory{.trouble = {{{"cpu"}, {{"", trouble}}}},
                .idle_since = {{{"cpu/1~"}, kBegin - Millis{12'345}}},
                .brought_up = true,
                .last_tick = at - Millis{5'000}};
  Decision decision;
  decision.scale = {.want = {{{"cpu"}, 2}}, .release = {{"cpu/1~"}}, .if_idle = {{"cpu/1~"}}};
  decision.launch = {{{"cpu"}, 1}};
  decision.release = {{.node = {"cpu/1~"}, .type = {"cpu"}, .because = "idle"}};
  decision.unmet = {{.kind = Unmet::Kind::kGang,
                     .request = request,
                     .gang = load.gangs[0],
                     .impossible = true,
                     .because = "no"}};
  decision.reasons = {{.type = {"cpu"}, .node = {"cpu/1~"}, .count = 1, .text = "why"}};
  decision.hold = {{"cpu_2"}};
  decision.memory = memory;
  decision.memory.last_tick = at;
  return make_tick(number, at, load, config, fleet, memory, {.frozen = {{"cpu"}}}, decision,
                   {"launch cpu-2: no"});
}

}  // namespace rayctl::examples
