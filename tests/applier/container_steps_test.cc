#include <gtest/gtest.h>

#include "tests/applier/node_steps.h"
#include "transport/container.h"

namespace rayctl {
namespace {

struct Containers : NodeSteps {
  Containers() {
    for (const char* type : {"head", "small"}) {
      NodeSpec& spec = desired.specs.at({type});
      spec.docker = {{"image", "img:1"}, {"container_name", "ray"}};
      spec.initialization_commands = {"init"};
    }
    seal(desired);
  }
  int prepare(const std::string& type, const std::string& node, std::vector<int> after) {
    return add(PrepareContainer{{node}, digests(type).docker}, std::move(after));
  }
  void up_in_container() {
    const int head = add(CreateNodes{{"head"}, {{"head-1"}}});
    bring_up("head", "head-1", {prepare("head", "head-1", {head})});
    const auto report = apply();
    ASSERT_TRUE(report && report->complete()) << errors_of(report);
  }
  const FakeContainer& container() { return *fake.machine("head-1").container; }
};

TEST_F(Containers, AreMadeAfterInitializationAndHoldTheRest) {
  up_in_container();
  EXPECT_EQ(container().spec.image, "img:1");
  EXPECT_EQ(container().spec.name, "ray");
  EXPECT_EQ(container().spec.labels,
            (std::map<std::string, std::string>{{kLabelCluster, records().cluster_id.text},
                                                {kLabelNode, "head-1"},
                                                {kLabelDigest, digests("head").docker.text}}));
  EXPECT_EQ(times_ran("init"), 1);
  EXPECT_EQ(record("head-1").applied.docker, digests("head").docker);
  EXPECT_EQ(record("head-1").running.docker, digests("head").docker);
  EXPECT_EQ(fake.machine("head-1").mounts.size(), 1U);
}

TEST_F(Containers, AreReplacedWhenTheyDifferAndSetUpAnew) {
  up_in_container();
  desired.specs.at({"head"}).docker["image"] = "img:2";
  seal(desired);
  const int stopped = add(StopRay{{"head-1"}});
  bring_up("head", "head-1", {prepare("head", "head-1", {stopped})});
  const auto report = apply();
  ASSERT_TRUE(report->complete()) << errors_of(report);
  EXPECT_EQ(container().made, 2);
  EXPECT_EQ(times_ran("init"), 1);
  EXPECT_EQ(times_ran("install head"), 2);
  prepare("head", "head-1", {});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(container().made, 2);
  EXPECT_TRUE(record("head-1").applied.setup.empty());
}

TEST_F(Containers, ThatAreStoppedAreStartedAgain) {
  up_in_container();
  fake.reboot(fake.machine("head-1"));
  add(StartRay{{"head-1"}, digests("head").start});
  const auto report = apply();
  ASSERT_TRUE(report->complete()) << errors_of(report);
  EXPECT_TRUE(container().running);
  EXPECT_EQ(container().made, 1);
}

TEST_F(Containers, ThatAreGoneHoldNothingToStop) {
  up_in_container();
  fake.reboot(fake.machine("head-1"));
  fake.machine("head-1").container.reset();
  add(StopRay{{"head-1"}});
  const auto report = apply();
  ASSERT_TRUE(report->complete()) << errors_of(report);
  EXPECT_EQ(record("head-1").running, SpecDigests{});
}

TEST_F(Containers, GoWhenTheConfigHasNoneAnyMore) {
  up_in_container();
  desired.specs.at({"head"}).docker = Json::object();
  seal(desired);
  prepare("head", "head-1", {});
  ASSERT_TRUE(apply()->complete());
  EXPECT_FALSE(fake.machine("head-1").container);
  EXPECT_TRUE(record("head-1").applied.docker.empty());
}

TEST_F(Containers, ThatCannotBeMadeFailTheNode) {
  fake.rules.exit_codes["img"] = 1;
  const int head = add(CreateNodes{{"head"}, {{"head-1"}}});
  bring_up("head", "head-1", {prepare("head", "head-1", {head})});
  const auto report = apply();
  EXPECT_EQ(report->steps[1].error.code, ErrorCode::kContainerFailed);
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
}

TEST_F(Containers, GetSecretsByName) {
  fake.secrets = {{"secret://env/T", "hunter22"}};
  desired.specs.at({"head"}).docker["run_options"] = {"--ulimit nofile=65536:65536",
                                                      "-e TOKEN='a secret://env/T'"};
  seal(desired);
  up_in_container();
  EXPECT_EQ(container().spec.options, "--ulimit nofile=65536:65536 -e TOKEN");
  EXPECT_EQ(container().spec.env, (std::map<std::string, std::string>{{"TOKEN", "a hunter22"}}));
}

}  // namespace
}  // namespace rayctl
