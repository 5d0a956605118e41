// Google Benchmark of single functions: the planner and the codec at 100 to 10,000 nodes.
#include <benchmark/benchmark.h>

#include "model/codec.h"
#include "planner/planner.h"

namespace rayctl {
namespace {

const NodeTypeName kHead{"head"}, kWorker{"worker"};
const ProviderName kProvider{"process"};

NodeSpec spec(const NodeTypeName& type) {
  NodeSpec spec;
  spec.type = type;
  spec.provider = kProvider;
  spec.head = type == kHead;
  spec.setup_commands = {"pip install -r requirements.txt"};
  spec.digests = {{"launch"}, {}, {"files"}, {"setup"}, {"start"}, {}};
  return spec;
}

Desired desired(int workers) {
  Desired goal;
  goal.cluster = {"bench"};
  goal.head_type = kHead;
  goal.specs = {{kHead, spec(kHead)}, {kWorker, spec(kWorker)}};
  goal.want = {{kHead, 1}, {kWorker, workers}};
  goal.autoscaler = {"autoscaler"};
  goal.config = {"config"};
  return goal;
}

Snapshot nothing() {
  Snapshot snapshot;
  snapshot.lineage = "bench";
  snapshot.cluster = {"bench"};
  snapshot.cluster_id = {"bench"};
  return snapshot;
}

Observed empty_world() {
  Observed world;
  world.machines.emplace(kProvider, std::vector<CloudNode>{});
  return world;
}

Plan from_nothing(int workers) {
  return make_plan(desired(workers), nothing(), empty_world(), {});
}

void plan_from_nothing(benchmark::State& state) {
  const Desired goal = desired(static_cast<int>(state.range(0)));
  const Snapshot snapshot = nothing();
  const Observed world = empty_world();
  std::size_t steps = 0;
  for (auto _ : state)
    steps = make_plan(goal, snapshot, world, {}).steps.size();
  state.counters["steps"] = static_cast<double>(steps);
}

void plan_with_no_change(benchmark::State& state) {
  const int workers = static_cast<int>(state.range(0));
  const Desired goal = desired(workers);
  const Outcome there = predict(from_nothing(workers), nothing(), empty_world());
  std::size_t steps = 0;
  for (auto _ : state)
    steps = make_plan(goal, there.snapshot, there.observed, {}).steps.size();
  if (steps != 0) state.SkipWithError("a second plan is not empty");
}

void plan_to_json(benchmark::State& state) {
  const Plan plan = from_nothing(static_cast<int>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(to_json(plan).dump());
}

void snapshot_from_json_text(benchmark::State& state) {
  const Plan plan = from_nothing(static_cast<int>(state.range(0)));
  const std::string text = to_json(predict(plan, nothing(), empty_world()).snapshot).dump();
  for (auto _ : state) {
    const auto snapshot = snapshot_from_json(Json::parse(text));
    if (!snapshot) state.SkipWithError("unreadable");
  }
}

BENCHMARK(plan_from_nothing)
    ->RangeMultiplier(10)
    ->Range(100, 10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(plan_with_no_change)
    ->RangeMultiplier(10)
    ->Range(100, 10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(plan_to_json)->RangeMultiplier(10)->Range(100, 10'000)->Unit(benchmark::kMillisecond);
BENCHMARK(snapshot_from_json_text)
    ->RangeMultiplier(10)
    ->Range(100, 10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rayctl

BENCHMARK_MAIN();
