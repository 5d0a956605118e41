#include "providers/gcp/tpu_nodes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/parallel.h"
#include "tests/gcp_configs/fake_tpu.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {
namespace {

constexpr char kA[] = "us-central1-a";
constexpr char kB[] = "us-central1-b";
const Json kConfig = {{"acceleratorType", "v2-8"}, {"runtimeVersion", "tpu-ubuntu2204-base"}};
const ClusterName kDemo{"demo"};

class TpuNodesTest : public testing::Test {
 protected:
  TpuNodesTest() : tpus_(api_, clock_, {"lab", "us-central1", {kA, kB}}) {}
  Time soon() const { return clock_.now() + Millis{600'000}; }
  static Labels labels(const std::string& cluster = "demo", const std::string& token = "op-1") {
    return {{kTagClusterName, cluster}, {kTagOp, token}, {kTagNodeKind, "worker"}};
  }
  static BodyFacts facts(const std::string& token = "op-1") {
    return {.place = {"lab", "us-central1", {kA, kB}},
            .zone = kB,
            .name = "one-tpu",
            .labels = labels("demo", token),
            .parts = {}};
  }
  Reply<TpuNode> launch(const std::string& token = "op-1") {
    return tpus_.launch(kConfig, false, facts(token), soon());
  }
  std::vector<std::string> listed() {
    const auto nodes = tpus_.list(kDemo, soon());
    std::vector<std::string> names;
    if (nodes) {
      for (const TpuNode& node : *nodes)
        names.push_back(node.zone + "/" + node.node.id.text);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  FakeClock clock_;
  FakeTpu api_;
  TpuNodes tpus_;
};

TEST_F(TpuNodesTest, LaunchedAndListed) {
  const Reply<TpuNode> made = launch();
  ASSERT_TRUE(made) << made.value.error().message;
  EXPECT_EQ(made->node.id.text, "one-tpu");
  EXPECT_EQ(made->node.power, Power::kRunning);
  EXPECT_EQ(made->node.internal_ip, "10.0.0.7");
  EXPECT_EQ(made->node.external_ip, "34.0.0.7");
  EXPECT_EQ(made->zone, kB);
  EXPECT_EQ(made->accelerator_type, "v2-8");
  EXPECT_EQ(made->hosts, 1);
  EXPECT_EQ(made->node.token, OpToken{"op-1"});
  EXPECT_EQ(listed(), (std::vector<std::string>{"us-central1-b/one-tpu"}));
}

TEST_F(TpuNodesTest, OnceMoreIsTheSameNode) {
  ASSERT_TRUE(launch());
  const Reply<TpuNode> again = launch();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->node.id.text, "one-tpu");
  EXPECT_EQ(api_.nodes.size(), 1U);
  const Reply<TpuNode> other = launch("op-2");
  ASSERT_FALSE(other) << "the name is taken by another launch";
  EXPECT_NE(other.value.error().context.back().find("of another launch"), std::string::npos);
}

TEST_F(TpuNodesTest, OneThatEndedSinceIsNoNode) {
  api_.add(kB, "one-tpu", "PREEMPTED", labels());
  const Reply<TpuNode> made = launch();
  ASSERT_FALSE(made);
  EXPECT_NE(made.value.error().context.back().find("PREEMPTED"), std::string::npos);
}

TEST_F(TpuNodesTest, OneThatIsBeingMadeIsWaitedFor) {
  api_.add(kB, "one-tpu", "CREATING", labels());
  int looks = 0;
  clock_.on_sleep = [&] {
    if (++looks == 3) (*api_.find(kB, "one-tpu"))["state"] = "READY";
  };
  const Reply<TpuNode> made = launch();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->node.power, Power::kRunning);
  (*api_.find(kB, "one-tpu"))["state"] = "CREATING";
  clock_.on_sleep = [&] { api_.nodes.clear(); };
  const Reply<TpuNode> gone = launch();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.value.error().fault, Fault::kTransient);
}

TEST_F(TpuNodesTest, NoCapacityIsToldFromQuotasAndLeavesNothing) {
  const std::string id = "tpu.projects.locations.nodes.create";
  api_.ends[id] = {{"code", 8}, {"message", "There is no more capacity in the zone"}};
  Reply<TpuNode> made = launch();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.api.reason, "STOCKOUT");
  EXPECT_EQ(made.value.error().fault, Fault::kTransient);
  EXPECT_EQ(api_.calls("nodes.delete"), 1);
  api_.nodes.clear();
  api_.ends[id] = {{"code", 8}, {"message", "Quota limit 'TPUV2' has been exceeded. Limit: 0"}};
  made = launch();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.api.reason, "QUOTA_EXCEEDED");
  EXPECT_EQ(made.value.error().fault, Fault::kPermanent);
  // In the answer to the call itself it is the same.
  api_.refuse[id] = {{429, "RESOURCE_EXHAUSTED", "There is no more capacity in the zone"}};
  made = launch();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.api.reason, "STOCKOUT");
}

TEST_F(TpuNodesTest, AnInternalFailureMayHaveMadeIt) {
  api_.ends["tpu.projects.locations.nodes.create"] = {{"code", 13}, {"message", "an\nerror"}};
  const Reply<TpuNode> made = launch();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.value.error().fault, Fault::kUnknown);
  EXPECT_EQ(made.api.message, "an error");
  EXPECT_EQ(api_.calls("nodes.delete"), 0);
}

TEST_F(TpuNodesTest, AnOperationThatDoesNotEndIsOpen) {
  api_.polls = 1'000'000;
  const Reply<TpuNode> made = launch();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.value.error().fault, Fault::kUnknown);
  EXPECT_TRUE(made.api.reason.empty());
  EXPECT_LT(api_.calls("operations.get"), 100) << "with pauses";
}

TEST_F(TpuNodesTest, AllPagesOfAllZonesAndOnlyOurs) {
  api_.page = 2;
  for (const char* name : {"a-tpu", "b-tpu", "c-tpu", "d-tpu", "e-tpu"})
    api_.add(kA, name, "READY", labels());
  api_.add(kB, "f-tpu", "CREATING", labels());
  api_.add(kB, "other-tpu", "READY", labels("other"));
  api_.add(kB, "bare-tpu", "READY", {});
  EXPECT_EQ(listed().size(), 6U);
  EXPECT_EQ(api_.calls("nodes.list"), 5);
}

TEST_F(TpuNodesTest, AZoneWithoutTpusIsEmptyAndOneThatIsSilentAFailure) {
  api_.add(kB, "one-tpu", "READY", labels());
  api_.without = {kA};
  EXPECT_EQ(listed().size(), 1U);
  api_.unreachable = {kB};
  const auto nodes = tpus_.list(kDemo, soon());
  ASSERT_FALSE(nodes);
  EXPECT_EQ(nodes.value.error().fault, Fault::kTransient);
}

TEST_F(TpuNodesTest, TagsAreAddedAndTakenAway) {
  api_.add(kB, "one-tpu", "READY", labels());
  const CloudId id{"one-tpu"};
  const std::string long_text(70, 'X');
  ASSERT_TRUE(tpus_.set_tags(id, {{"team", "A.B"}, {"long", long_text}}, {}, soon()));
  const auto nodes = tpus_.list(kDemo, soon());
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->front().node.tags.at("team"), "A.B");
  EXPECT_EQ(nodes->front().node.tags.at("long"), long_text);
  EXPECT_EQ(nodes->front().node.tags.at(kTagOp), "op-1") << "the others stay";
  ASSERT_TRUE(tpus_.set_tags(id, {}, {"team"}, soon()));
  EXPECT_FALSE(tpus_.list(kDemo, soon())->front().node.tags.contains("team"));
  const int before = api_.calls("nodes.patch");
  ASSERT_TRUE(tpus_.set_tags(id, {{"long", long_text}}, {"team"}, soon()));
  EXPECT_EQ(api_.calls("nodes.patch"), before) << "nothing to change";
  EXPECT_FALSE(tpus_.set_tags({"none-tpu"}, {{"a", "b"}}, {}, soon()));
}

TEST_F(TpuNodesTest, TagsOfManyThreadsAreAllThere) {
  api_.add(kB, "one-tpu", "READY", labels());
  for_each_index(8, 8, [&](std::size_t at) {
    EXPECT_TRUE(tpus_.set_tags({"one-tpu"}, {{"tag-" + std::to_string(at), "x"}}, {},
                               Time::max() - Millis{1'000'000'000}));
  });
  EXPECT_EQ((*api_.find(kB, "one-tpu"))["labels"].size(), 8 + labels().size());
}

TEST_F(TpuNodesTest, ABusyNodeIsWaitedFor) {
  api_.add(kB, "one-tpu", "READY", labels());
  const ApiError busy{400, "FAILED_PRECONDITION", "unable to queue the operation"};
  api_.refuse["tpu.projects.locations.nodes.patch"] = {busy, busy, busy};
  EXPECT_TRUE(tpus_.set_tags({"one-tpu"}, {{"a", "b"}}, {}, soon()));
  EXPECT_EQ(api_.calls("nodes.patch"), 4);
  api_.refuse["tpu.projects.locations.nodes.delete"] = std::deque<ApiError>(1000, busy);
  EXPECT_FALSE(tpus_.terminate({"one-tpu"}, soon())) << "not for ever";
}

TEST_F(TpuNodesTest, TerminatedInWhateverZoneAndWhetherOrNotItIsThere) {
  api_.add(kA, "one-tpu", "READY", labels());
  ASSERT_TRUE(tpus_.terminate({"one-tpu"}, soon()));
  EXPECT_EQ((*api_.find(kA, "one-tpu"))["state"], "DELETING");
  EXPECT_TRUE(tpus_.terminate({"one-tpu"}, soon()));
  EXPECT_TRUE(tpus_.terminate({"never-tpu"}, soon()));
  EXPECT_EQ(api_.calls("nodes.delete"), 1);
  // One that was preempted is there until it is deleted.
  api_.add(kB, "two-tpu", "PREEMPTED", labels());
  EXPECT_TRUE(tpus_.terminate({"two-tpu"}, soon()));
  EXPECT_EQ(api_.calls("nodes.delete"), 2);
}

TEST(TpuNodes, Powers) {
  const std::map<std::string, Power> powers = {
      {"CREATING", Power::kPending},   {"STARTING", Power::kPending},
      {"RESTARTING", Power::kPending}, {"REPAIRING", Power::kPending},
      {"READY", Power::kRunning},      {"STOPPING", Power::kStopping},
      {"STOPPED", Power::kStopped},    {"PREEMPTED", Power::kStopped},
      {"TERMINATED", Power::kStopped}, {"DELETING", Power::kGone},
      {"BRAND_NEW", Power::kPending}};
  for (const auto& [state, power] : powers)
    EXPECT_EQ(parse_tpu_node({{"state", state}}).node.power, power) << state;
}

TEST(TpuNodes, OneOfSeveralHostsIsReadByItsFirst) {
  const TpuNode node = parse_tpu_node(
      {{"name", "projects/1234/locations/us-central2-b/nodes/pod-tpu"},
       {"acceleratorConfig", {{"type", "V4"}, {"topology", "2x2x2"}}},
       {"schedulingConfig", {{"spot", true}}},
       {"networkEndpoints", {{{"ipAddress", "10.0.0.2"}}, {{"ipAddress", "10.0.0.3"}}}}});
  EXPECT_EQ(node.node.id.text, "pod-tpu");
  EXPECT_TRUE(is_tpu_id(node.node.id));
  EXPECT_EQ(node.zone, "us-central2-b");
  EXPECT_EQ(node.accelerator_type, "v4-16");
  EXPECT_EQ(node.hosts, 2);
  EXPECT_EQ(node.node.internal_ip, "10.0.0.2");
  EXPECT_EQ(node.node.external_ip, "");
  EXPECT_TRUE(node.spot);
  EXPECT_FALSE(is_tpu_id({"ray-demo-worker-1-compute"}));
}

}  // namespace
}  // namespace rayctl::gcp
