#include "cli/write_config.h"

#include <gtest/gtest.h>

#include "config/config.h"

namespace rayctl {
namespace {

LaunchFacts machine(const std::string& id, const std::string& type, bool head, Json node_config) {
  CloudNode node{.id = {id}, .head = head, .internal_ip = "10.0.0.1"};
  if (!type.empty()) node.type = NodeTypeName{type};
  return {node, std::move(node_config)};
}

Json plain(const std::string& subnet = "subnet-1") {
  return {{"InstanceType", "m5.large"},
          {"ImageId", "ami-1"},
          {"KeyName", "k"},
          {"SubnetIds", {subnet}},
          {"SecurityGroupIds", {"sg-1"}}};
}

Config parsed(const WrittenConfig& written) {
  const Parsed parsed = parse_config(written.yaml, "made.yaml", {.home = "/home/me"});
  EXPECT_TRUE(parsed.diagnostics.empty()) << parsed.diagnostics.front().summary << "\n"
                                          << written.yaml;
  EXPECT_TRUE(parsed.config) << written.yaml;
  return parsed.config.value_or(Config{});
}

TEST(WriteConfig, HasATypeForEachTagAndAsManyWorkersAsThereAre) {
  Json spot = plain(), head = plain();
  spot["InstanceMarketOptions"] = {{"MarketType", "spot"}};
  head["IamInstanceProfile"] = {{"Arn", "arn:aws:iam::1:instance-profile/p"}};
  Json elsewhere = spot;
  elsewhere["SubnetIds"] = {"subnet-2"};
  const Result<WrittenConfig> written =
      write_config({"demo"}, {"aws"}, "us-west-2",
                   {machine("i-3", "gpu", false, elsewhere), machine("i-2", "gpu", false, spot),
                    machine("i-1", "main", true, head)},
                   {});
  ASSERT_TRUE(written) << written.error().message;
  const Config config = parsed(*written);
  EXPECT_EQ(config.cluster, ClusterName{"demo"});
  EXPECT_EQ(config.head_type, NodeTypeName{"main"});
  EXPECT_EQ(config.max_workers, 2);
  ASSERT_EQ(config.node_types.size(), 2U);
  EXPECT_EQ(config.find({"main"})->node_config, head);
  EXPECT_EQ(config.find({"main"})->max_workers, 0);
  const NodeTypeConfig& gpu = *config.find({"gpu"});
  EXPECT_EQ(gpu.min_workers, 2);
  EXPECT_EQ(gpu.max_workers, 2);
  spot["SubnetIds"] = {"subnet-1", "subnet-2"};
  EXPECT_EQ(gpu.node_config, spot);
  EXPECT_EQ(config.auth.value("ssh_private_key", ""), "~/.ssh/k.pem");
  EXPECT_EQ(config.provider_settings.value("use_internal_ips", false), true);
}

TEST(WriteConfig, SaysInWhichKeysMachinesOfATypeDiffer) {
  Json larger = plain();
  larger["InstanceType"] = "m5.xlarge";
  const Result<WrittenConfig> written =
      write_config({"demo"}, {"aws"}, "us-west-2",
                   {machine("i-1", "", true, plain()), machine("i-2", "", false, plain()),
                    machine("i-3", "", false, larger)},
                   {});
  ASSERT_TRUE(written) << written.error().message;
  ASSERT_FALSE(written->unknown.empty());
  EXPECT_EQ(written->unknown.front(),
            "the machines of ray.worker.default have not the same InstanceType");
  EXPECT_EQ(parsed(*written).find({"ray.worker.default"})->node_config["InstanceType"], "m5.large");
}

TEST(WriteConfig, LeavesOutWhatRayctlMadeForTheCluster) {
  Json config = plain();
  config["IamInstanceProfile"] = {{"Arn", "arn:aws:iam::1:instance-profile/rayctl-demo"}};
  LaunchFacts head = machine("i-1", "", true, config);
  head.node.cluster = ClusterId{"c1"};
  const auto thing = [](const std::string& id, const std::string& name, const char* cluster) {
    return TaggedThing{
        .kind = "", .id = id, .name = name, .cluster = {"demo"}, .cluster_id = {cluster}};
  };
  const std::vector<TaggedThing> ours = {thing("key-1", "k", "c1"), thing("sg-1", "g", "c1"),
                                         thing("rayctl-demo", "rayctl-demo", "c1")};
  const Result<WrittenConfig> written = write_config({"demo"}, {"aws"}, "us-west-2", {head}, ours);
  ASSERT_TRUE(written) << written.error().message;
  const Config made = parsed(*written);
  EXPECT_EQ(
      made.find({"ray.head.default"})->node_config,
      (Json{{"InstanceType", "m5.large"}, {"ImageId", "ami-1"}, {"SubnetIds", {"subnet-1"}}}));
  EXPECT_FALSE(made.auth.contains("ssh_private_key"));

  const std::vector<TaggedThing> theirs = {thing("sg-1", "g", "c2")};
  EXPECT_TRUE(parsed(*write_config({"demo"}, {"aws"}, "us-west-2", {head}, theirs))
                  .find({"ray.head.default"})
                  ->node_config.contains("SecurityGroupIds"));
}

TEST(WriteConfig, NeedsAHead) {
  const Result<WrittenConfig> written =
      write_config({"demo"}, {"aws"}, "us-west-2", {machine("i-1", "", false, plain())}, {});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kNoSuchNode);
}

}  // namespace
}  // namespace rayctl
