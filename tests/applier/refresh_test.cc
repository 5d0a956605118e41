#include "applier/refresh.h"

#include <gtest/gtest.h>

#include "tests/applier/lab.h"

namespace rayctl {
namespace {

struct Refresh : Lab, testing::Test {
  void up(int workers) {
    plan_cluster(workers);
    const auto report = apply();
    ASSERT_TRUE(report && report->complete()) << errors_of(report);
  }
  Observed look(const std::set<ProviderName>& providers = {{"fake"}}) {
    World world = fake.world(store);
    return refresh(world, desired.cluster, providers, records(), fake.clock.now() + Millis{60'000});
  }
};

TEST_F(Refresh, NothingIsThereYet) {
  const Observed observed = look();
  ASSERT_TRUE(observed.machines.at({"fake"}));
  EXPECT_TRUE(observed.machines.at({"fake"})->empty());
  EXPECT_FALSE(observed.ray);
  EXPECT_EQ(observed.at, fake.clock.now());
}

TEST_F(Refresh, SeesMachinesAndRay) {
  up(2);
  const Observed observed = look();
  EXPECT_EQ(observed.machines.at({"fake"})->size(), 3U);
  ASSERT_TRUE(observed.ray && *observed.ray);
  EXPECT_EQ((*observed.ray)->nodes.size(), 3U);
  EXPECT_TRUE(observed.start_running.empty());
}

TEST_F(Refresh, ProvidersOfRecordsAreListedToo) {
  up(0);
  EXPECT_TRUE(look({}).machines.contains({"fake"}));
}

TEST_F(Refresh, AProviderThatCannotBeListedHoldsItsError) {
  up(0);
  fake.mishap = [](const std::string& call) {
    return call == "list" ? Mishap::kRefused : Mishap::kNone;
  };
  const Observed observed = look();
  EXPECT_FALSE(observed.machines.at({"fake"}));
  EXPECT_FALSE(observed.ray);
}

TEST_F(Refresh, WithoutGcsItLooksWhetherTheHeadsRayRuns) {
  up(1);
  fake.rules.gcs_down = true;
  Observed observed = look();
  ASSERT_TRUE(observed.ray);
  EXPECT_FALSE(*observed.ray);
  EXPECT_EQ(observed.start_running, (std::map<CloudId, bool>{{record("head-1").id, true}}));
  fake.ray_on(fake.machine("head-1"))->killed = true;
  observed = look();
  EXPECT_EQ(observed.start_running, (std::map<CloudId, bool>{{record("head-1").id, false}}));
}

TEST_F(Refresh, PlainProcessesAreLookedAtOneByOne) {
  fake.plain_processes = true;
  for (auto& [type, spec] : desired.specs) {
    spec.start.ray = false;
    spec.start.command = {"sleep", "inf"};
  }
  up(2);
  fake.ray_on(fake.machine("small-2"))->killed = true;
  const Observed observed = look();
  EXPECT_FALSE(observed.ray);
  EXPECT_EQ(observed.start_running, (std::map<CloudId, bool>{{record("head-1").id, true},
                                                             {record("small-1").id, true},
                                                             {record("small-2").id, false}}));
}

TEST_F(Refresh, MachinesOfOthersAreListedAndNotAsked) {
  up(0);
  FakeMachine other = fake.machines.begin()->second;
  other.node.id = {"i-900"};
  other.node.tags[kTagClusterId] = "other";
  other.node.tags.erase(kTagNode);
  fake.machines.emplace(other.node.id, other);
  fake.rules.gcs_down = true;
  const Observed observed = look();
  EXPECT_EQ(observed.machines.at({"fake"})->size(), 2U);
  EXPECT_EQ(observed.start_running.size(), 1U);
}

TEST_F(Refresh, RecordsCanStandInForMachines) {
  up(2);
  const Observed observed = assume(records(), fake.clock.now());
  const std::vector<CloudNode>& machines = *observed.machines.at({"fake"});
  ASSERT_EQ(machines.size(), 3U);
  for (const CloudNode& machine : machines) {
    const NodeRecord record = records().nodes.at(*machine.name);
    EXPECT_EQ(machine.id, record.id);
    EXPECT_EQ(machine.cluster, records().cluster_id);
    EXPECT_EQ(machine.type, record.type);
    EXPECT_EQ(machine.head, record.head);
    EXPECT_EQ(machine.power, Power::kRunning);
  }
  EXPECT_FALSE(observed.ray);
}

}  // namespace
}  // namespace rayctl
