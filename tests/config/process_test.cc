#include <gtest/gtest.h>

#include "config/config.h"
#include "config/resolve.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

constexpr char kDemo[] = R"(cluster_name: demo
max_workers: 4
provider: {type: process}
available_node_types:
  head: {resources: {CPU: 1}, node_config: {}}
  worker: {min_workers: 2, max_workers: 4, resources: {CPU: 1}, node_config: {ray_start_args: {memory: 500000000}}}
head_node_type: head
file_mounts: {~/app: ./app}
setup_commands: [echo hi]
)";

TEST(Process, TheNewerFormBecomesAConfig) {
  Config config = good(kDemo);
  EXPECT_EQ(config.cluster.text, "demo");
  EXPECT_EQ(config.provider.text, "process");
  EXPECT_EQ(config.head_type.text, "head");
  EXPECT_EQ(config.max_workers, 4);
  ASSERT_EQ(config.node_types.size(), 2U);
  EXPECT_EQ(config.node_types[0].max_workers, 0);
  EXPECT_EQ(config.node_types[1].min_workers, 2);
  EXPECT_EQ(config.node_types[1].where.line, 6);
  ASSERT_EQ(config.file_mounts.size(), 1U);
  EXPECT_EQ(config.file_mounts[0].local, "/here/app");
  EXPECT_FALSE(config.has_start_commands);
}

TEST(Process, TheNewerFormMayAimAtAShareInUse) {
  EXPECT_EQ(good(kDemo).target_utilization_fraction, std::nullopt);
  EXPECT_EQ(
      good(std::string(kDemo) + "target_utilization_fraction: 0.6\n").target_utilization_fraction,
      0.6);
}

TEST(Process, ItIsResolvedWithCountsAndReasons) {
  Config config = good(kDemo);
  Desired desired = resolve(config, default_scale(config, {}), {{"~/app", {"m1"}}}, "key");
  NodeTypeName head{"head"}, worker{"worker"};
  EXPECT_EQ(desired.want[head], 1);
  EXPECT_EQ(desired.want[worker], 2);
  EXPECT_EQ(desired.why[worker], "min_workers of worker is 2");
  const NodeSpec& spec = desired.specs[worker];
  EXPECT_EQ(spec.start.args, (std::map<std::string, std::string>{{"memory", "500000000"}}));
  EXPECT_EQ(spec.start.resources, (std::map<std::string, double>{{"CPU", 1}}));
  EXPECT_TRUE(spec.start.commands.empty());
  EXPECT_EQ(spec.setup_commands, std::vector<std::string>{"echo hi"});
  EXPECT_EQ(desired.breakdown.at(spec.digests.files),
            (FieldDigests{{"file_mounts ~/app", {"m1"}}}));
  EXPECT_TRUE(spec.digests.docker.empty());
  EXPECT_FALSE(spec.digests.launch.empty());
}

}  // namespace
}  // namespace rayctl
