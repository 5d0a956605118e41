#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "providers/gcp/ending.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/launching.h"
#include "tests/gcp_compute/fake_gce.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {

/// A launch against a small Compute Engine, with a journal that outlives the program that writes
/// it.
class LaunchWorld {
 public:
  explicit LaunchWorld(GceSettings with = {}) : settings(with) {
    spec.type = {"cpu"};
    spec.digests.launch = {"0123"};
    plan.node_config = {{"machineType", "n1-standard-2"}, {"disks", {{{"boot", true}}}}};
    restart();
  }

  /// A new program over the same world.
  void restart() {
    index = std::make_unique<InstanceIndex>(
        gce, GcePlace{.project = "p",
                      .region = "us-west1",
                      .zones = {"us-west1-a", "us-west1-b", "us-west1-c"}});
    labelling = std::make_unique<Labelling>(gce, clock, *index);
    tpus = std::make_unique<TpuNodes>(gce, clock, index->place());
    launching = std::make_unique<Launching>(gce, clock, settings, *index, *labelling, *tpus);
    ending = std::make_unique<Ending>(gce, clock, *index, *labelling, settings);
  }

  LaunchRequest request(int count, const std::string& token = "op") {
    LaunchRequest wanted{
        .cluster = {"demo"},
        .nodes = {},
        .spec = &spec,
        .token = {token},
        .tags = launch_tags({"demo"}, {"id-1"}, spec, {token}),
        .named_tags = [](const NodeName& node) { return naming_tags({"demo"}, node, false); },
        .why_fewer = &why,
        .attempts = journal[token],
        .journal = {}};
    for (int i = 1; i <= count; ++i)
      wanted.nodes.push_back({"cpu-" + std::to_string(i)});
    wanted.journal = [this, token](const std::vector<LaunchAttempt>& attempts) -> Result<> {
      if (before_journal) before_journal();
      journal[token] = attempts;
      if (after_journal) after_journal();
      return {};
    };
    return wanted;
  }

  Result<std::vector<CloudNode>> launch(int count, const std::string& token = "op") {
    why.clear();
    return launching->launch(request(count, token), plan, soon());
  }

  Time soon() const { return clock.now() + Millis{600'000}; }

  FakeClock clock;
  FakeGce gce;
  GceSettings settings;
  NodeSpec spec;
  LaunchPlan plan;
  std::string why;
  std::map<std::string, std::vector<LaunchAttempt>> journal;
  std::function<void()> before_journal, after_journal;
  std::unique_ptr<InstanceIndex> index;
  std::unique_ptr<Labelling> labelling;
  std::unique_ptr<TpuNodes> tpus;
  std::unique_ptr<Launching> launching;
  std::unique_ptr<Ending> ending;
};

/// How many machines live in each zone, and in which market.
inline std::map<std::string, int> by_zone(const FakeGce& gce) {
  std::map<std::string, int> count;
  for (const FakeGce::Machine& machine : gce.living())
    ++count[machine.zone + (machine.spot ? " spot" : "")];
  return count;
}

inline std::set<std::string> ids_of(const std::vector<CloudNode>& nodes) {
  std::set<std::string> ids;
  for (const CloudNode& node : nodes)
    ids.insert(node.id.text);
  return ids;
}

inline std::set<std::string> living_ids(const FakeGce& gce) {
  std::set<std::string> ids;
  for (const FakeGce::Machine& machine : gce.living())
    ids.insert(machine.name);
  return ids;
}

}  // namespace rayctl::gcp
