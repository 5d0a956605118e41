#include "model/tags.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/model/examples.h"

namespace rayctl {
namespace {

CloudNode machine(Tags tags) {
  CloudNode node;
  node.id = {"i-1"};
  node.internal_ip = "10.0.0.1";
  node.tags = std::move(tags);
  read_tags(node);
  return node;
}

TEST(Tags, DigestsRoundTripWithinACloudTag) {
  const Plan plan = examples::plan();
  for (const auto& [type, spec] : plan.specs) {
    const std::string text = encode_digests(spec.digests);
    EXPECT_LE(text.size(), 255U);
    EXPECT_EQ(decode_digests(text), spec.digests);
  }
  EXPECT_EQ(encode_digests({}), "l=,d=,f=,s=,r=,y=");
  EXPECT_EQ(decode_digests(encode_digests({})), SpecDigests{});
}

TEST(Tags, OddDigestTextsAreReadAsFarAsTheyGo) {
  for (const char* text : {"", ",", "=", "l", "l=", ",,,", "q=1", "launch=1"}) {
    EXPECT_EQ(decode_digests(text), SpecDigests{}) << text;
  }
  EXPECT_EQ(decode_digests("y=7,l=1,q=2").launch, Digest{"1"});
  EXPECT_EQ(decode_digests("y=7,l=1,q=2").synced, Digest{"7"});
}

TEST(Tags, ALaunchedMachineSaysWhatItIs) {
  const NodeSpec spec = examples::plan().specs.at({"gpu"});
  const CloudNode node = machine(launch_tags({"demo"}, {"c-1"}, spec, {"t-1"}));
  EXPECT_EQ(node.cluster, ClusterId{"c-1"});
  EXPECT_EQ(node.type, NodeTypeName{"gpu"});
  EXPECT_EQ(node.token, OpToken{"t-1"});
  EXPECT_EQ(node.name, std::nullopt);
  EXPECT_FALSE(node.head);
  const NodeRecord record = record_from_tags(node, {"aws"});
  EXPECT_EQ(record.phase, Phase::kLaunched);
  EXPECT_EQ(record.applied.launch, spec.digests.launch);
  EXPECT_EQ(record.applied.setup, Digest{});
  EXPECT_EQ(record.running, SpecDigests{});
}

TEST(Tags, RecordsRoundTrip) {
  const Plan plan = examples::plan();
  for (const bool head : {true, false}) {
    for (const Phase phase : {Phase::kLaunched, Phase::kReady, Phase::kFailed}) {
      const NodeSpec& spec = plan.specs.at({head ? "head" : "gpu"});
      NodeRecord record{.type = spec.type, .provider = {"aws"}, .head = head, .id = {"i-1"}};
      record.ip = "10.0.0.1";
      record.phase = phase;
      record.applied = spec.digests;
      if (phase != Phase::kLaunched) record.running = spec.digests;
      record.made_by = OpToken{"t-1"};
      Tags tags = launch_tags({"demo"}, {"c-1"}, spec, *record.made_by);
      for (const auto& [key, value] : naming_tags({"demo"}, {"gpu-3"}, head))
        tags[key] = value;
      for (const auto& [key, value] : record_tags(record))
        tags[key] = value;
      const CloudNode node = machine(tags);
      EXPECT_EQ(node.name, NodeName{"gpu-3"});
      EXPECT_EQ(record_from_tags(node, {"aws"}), record);
      for (const auto& [key, value] : tags)
        EXPECT_LE(value.size(), 255U) << key;
    }
  }
}

// The values that Ray's own launcher writes (python/ray/autoscaler/tags.py and
// _private/updater.py), so that consoles and scripts made for it go on working.
TEST(Tags, RaysOwnHaveRaysValues) {
  const NodeSpec spec = examples::plan().specs.at({"head"});
  Tags tags = launch_tags({"demo"}, {"c-1"}, spec, {"t-1"});
  EXPECT_EQ(tags.at("ray-cluster-name"), "demo");
  EXPECT_EQ(tags.at("ray-node-type"), "head");
  EXPECT_EQ(tags.at("ray-user-node-type"), "head");
  EXPECT_EQ(tags.at("ray-node-status"), "uninitialized");
  EXPECT_EQ(naming_tags({"demo"}, {"x"}, false).at("ray-node-name"), "ray-demo-worker");
  EXPECT_EQ(record_tags({.phase = Phase::kReady}).at("ray-node-status"), "up-to-date");
  EXPECT_EQ(record_tags({.phase = Phase::kFailed}).at("ray-node-status"), "update-failed");
}

TEST(Tags, AMachineOfRaysOwnLauncher) {
  const CloudNode node = machine({{"ray-cluster-name", "demo"},
                                  {"ray-node-type", "worker"},
                                  {"ray-user-node-type", "ray.worker.default"},
                                  {"ray-node-status", "waiting-for-ssh"}});
  EXPECT_EQ(node.cluster, std::nullopt);
  const NodeRecord record = record_from_tags(node, {"aws"});
  EXPECT_EQ(record.type, NodeTypeName{"ray.worker.default"});
  EXPECT_EQ(record.phase, Phase::kLaunched);
  EXPECT_EQ(record.applied, SpecDigests{});
}

TEST(Tags, NoTagsAtAll) {
  const CloudNode node = machine({});
  EXPECT_EQ(node.type, std::nullopt);
  EXPECT_EQ(record_from_tags(node, {"aws"}).type, NodeTypeName{});
}

}  // namespace
}  // namespace rayctl
