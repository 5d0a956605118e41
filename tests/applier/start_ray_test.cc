#include <gtest/gtest.h>

#include "tests/applier/node_steps.h"

namespace rayctl {
namespace {

TEST_F(NodeSteps, RayStartsWithItsTokenInAFileAndItsIdentityInTheEnvironment) {
  up(1);
  for (const char* node : {"head-1", "small-1"}) {
    FakeMachine& machine = fake.machine(node);
    EXPECT_EQ(machine.files.at(".rayctl/ray_token"), "cluster-token");
    const FakeOp* ray = fake.ray_on(machine);
    ASSERT_NE(ray, nullptr);
    const auto& env = ray->command.env;
    EXPECT_EQ(env.at("RAY_AUTH_MODE"), "token");
    EXPECT_EQ(env.at("RAY_AUTH_TOKEN_PATH"),
              "/home/" + machine.node.id.text + "/.rayctl/ray_token");
    EXPECT_EQ(env.at("RAY_CLOUD_INSTANCE_ID"), machine.node.id.text);
    EXPECT_EQ(env.at("RAY_enable_autoscaler_v2"), "1");
    EXPECT_EQ(env.at("RAY_NODE_TYPE_NAME"), record(node).type.text);
    EXPECT_EQ(env.contains("RAY_HEAD_IP"), std::string(node) == "small-1");
    for (const auto& [key, value] : env)
      EXPECT_NE(value, "cluster-token") << key;
  }
  EXPECT_EQ(fake.ray_on(fake.machine("small-1"))->command.argv.back(),
            "--address=" + record("head-1").ip);
}

TEST_F(NodeSteps, WithoutATokenAuthenticationStaysOff) {
  fake.auth_token.clear();
  up(0);
  FakeMachine& head = fake.machine("head-1");
  EXPECT_FALSE(head.files.contains(".rayctl/ray_token"));
  EXPECT_FALSE(fake.ray_on(head)->command.env.contains("RAY_AUTH_MODE"));
}

TEST_F(NodeSteps, ARayThatDiesAtOnceIsReportedWithItsLastLines) {
  fake.rules.ray_dies_after = Millis{3'000};
  fake.rules.join_time = Millis{10'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[3].error;
  EXPECT_EQ(error.code, ErrorCode::kStartFailed);
  EXPECT_EQ(error.message.substr(0, 26), "Ray on head-1 ended with 1");
  EXPECT_EQ(error.context, (std::vector<std::string>{"output of ray start --block --head"}));
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
}

TEST_F(NodeSteps, ARayThatDiesOfItsOwnStartUpTimeoutIsStartedOnceMore) {
  fake.rules.ray_dies_after = Millis{30'500};
  fake.rules.join_time = Millis{60'000};
  up(0);
  EXPECT_EQ(fake.ray_on(fake.machine("head-1"))->starts, 2);
}

TEST_F(NodeSteps, ANodeThatDoesNotJoinInTimeFailsAndIsReplacedByTheNextStart) {
  fake.rules.join_time = Millis{1'000'000};
  options.join_timeout = Millis{120'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[3].error;
  EXPECT_EQ(error.code, ErrorCode::kJoinTimeout);
  EXPECT_EQ(error.message, "head-1 did not join Ray within 2 min");
  EXPECT_EQ(error.context, (std::vector<std::string>{"output of ray start --block --head",
                                                     "GCS does not answer"}));
  fake.rules.join_time = Millis{2'000};
  add(StartRay{{"head-1"}, digests("head").start});
  ASSERT_TRUE(apply()->complete());
  FakeMachine& head = fake.machine("head-1");
  EXPECT_EQ(std::count_if(
                head.ops.begin(), head.ops.end(),
                [&](const auto& op) { return !op.second.ends_at && fake.runs(head, op.first); }),
            1);
  EXPECT_EQ(record("head-1").failure, "");
}

TEST_F(NodeSteps, APlainProcessIsAliveWhileItRuns) {
  fake.plain_processes = true;
  for (auto& [type, spec] : desired.specs) {
    spec.start.ray = false;
    spec.start.command = {"sleep", "inf"};
  }
  up(1);
  EXPECT_EQ(fake.ray_on(fake.machine("small-1"))->command.argv,
            (std::vector<std::string>{"sleep", "inf"}));
  EXPECT_FALSE(fake.machine("head-1").files.contains(".rayctl/ray_token"));
  fake.rules.exit_codes["sleep"] = 5;
  fake.rules.command_time = Millis{100};
  const int stopped = add(StopRay{{"small-1"}});
  add(StartRay{{"small-1"}, {"other"}}, {stopped});
  const auto report = apply();
  EXPECT_EQ(report->steps[1].error.code, ErrorCode::kStartFailed);
  EXPECT_NE(report->steps[1].error.message.find("the command on small-1 ended with 5"),
            std::string::npos);
}

struct StartCommands : NodeSteps {
  StartCommands() {
    desired.specs.at({"head"}).start.commands = {"ray stop", "ulimit -n 65536; ray start --head"};
    desired.specs.at({"small"}).start.commands = {"ray stop", "ray start --address=$RAY_HEAD_IP"};
    seal(desired);
  }
  Error error_of_start(const Result<ApplyReport>& report) { return report->steps[3].error; }
};

TEST_F(StartCommands, AreOverWhileRayLivesOn) {
  up(1);
  for (const char* node : {"head-1", "small-1"}) {
    const FakeMachine& machine = fake.machine(node);
    EXPECT_FALSE(fake.runs(machine, {machine.files.at(".rayctl/ray_op")})) << node;
    EXPECT_NE(fake.ray_on(fake.machine(node)), nullptr) << node;
    EXPECT_EQ(record(node).phase, Phase::kReady);
  }
  EXPECT_EQ(times_ran("ray stop\nray start --address=$RAY_HEAD_IP"), 1);
}

TEST_F(StartCommands, GetWhatRaysOwnLauncherGivesThem) {
  NodeSpec& spec = desired.specs.at({"small"});
  spec.start.resources = {{"CPU", 2}, {"GPU", 0.5}};
  spec.start.labels = {{"zone", "a b"}};
  up(1);
  const auto& env = fake.ray_on(fake.machine("small-1"))->command.env;
  EXPECT_EQ(env.at("RAY_OVERRIDE_RESOURCES"), R"({"CPU":2,"GPU":0.5})");
  EXPECT_EQ(env.at("RAY_OVERRIDE_LABELS"), R"({"zone":"a b"})");
  EXPECT_EQ(env.at("RAY_HEAD_IP"), record("head-1").ip);
  EXPECT_EQ(env.at("RAY_enable_autoscaler_v2"), "1");
  EXPECT_FALSE(fake.ray_on(fake.machine("head-1"))->command.env.contains("RAY_OVERRIDE_LABELS"));
}

TEST_F(StartCommands, FindTheBootstrapConfigOnTheHead) {
  fake.bootstrap_config = "{}";
  up(1);
  EXPECT_EQ(fake.machine("head-1").files.at("ray_bootstrap_config.yaml"), "{}");
  EXPECT_FALSE(fake.machine("small-1").files.contains("ray_bootstrap_config.yaml"));
}

TEST_F(StartCommands, ThatFailAreReportedWithTheirLastLines) {
  fake.rules.exit_codes["ray start"] = 4;
  plan_cluster(0);
  const Error error = error_of_start(apply());
  EXPECT_EQ(error.code, ErrorCode::kStartFailed);
  EXPECT_EQ(error.message.substr(0, 26), "Ray on head-1 ended with 4");
  EXPECT_EQ(error.context,
            (std::vector<std::string>{"output of ray stop", "ulimit -n 65536; ray start --head"}));
}

TEST_F(StartCommands, WhoseRayIsNeverSeenRunOutOfTime) {
  fake.rules.join_time = Millis{1'000'000};
  options.join_timeout = Millis{120'000};
  plan_cluster(0);
  EXPECT_EQ(error_of_start(apply()).code, ErrorCode::kJoinTimeout);
}

TEST_F(StartCommands, MayBlockAllTheSame) {
  desired.specs.at({"head"}).start.commands = {"ray start --head --block"};
  up(0);
  const FakeMachine& head = fake.machine("head-1");
  EXPECT_TRUE(fake.runs(head, {head.files.at(".rayctl/ray_op")}));
  add(StopRay{{"head-1"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(fake.ray_on(fake.machine("head-1")), nullptr);
}

TEST_F(StartCommands, AreUndoneByRayStop) {
  up(1);
  add(StopRay{{"small-1"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("ray stop"), 1);
  EXPECT_EQ(fake.ray_on(fake.machine("small-1")), nullptr);
  EXPECT_EQ(record("small-1").running, SpecDigests{});
}

TEST_F(StartCommands, ThatChangeAreRunAfterTheEarlierRayHasEnded) {
  up(1);
  desired.specs.at({"small"}).start.commands = {"ray start --address=$RAY_HEAD_IP --num-cpus=1"};
  seal(desired);
  add(StartRay{{"small-1"}, digests("small").start});
  const auto report = apply();
  ASSERT_TRUE(report->complete()) << errors_of(report);
  EXPECT_EQ(times_ran("ray stop"), 1);
}

TEST_F(StartCommands, OfARunThatWasKilledAreTakenUp) {
  fake.crash_point = [&](const std::string& point, const Action& action) {
    if (point == "act:after" && std::holds_alternative<StartRay>(action)) {
      fake.kill();
      throw Killed{};
    }
  };
  plan_cluster(0);
  EXPECT_THROW((void)apply(), Killed);
  fake.crash_point = {};
  const OpToken open = records().open.at(0).token;
  for (const bool restarted : {false, true}) {
    fake.revive();
    if (restarted) {
      add(StopRay{{"head-1"}});
      ASSERT_TRUE(apply()->complete());
    }
    const Time before = fake.clock.now();
    add(StartRay{{"head-1"}, digests("head").start});
    plan.steps.back().resume = open;
    const auto report = apply();
    ASSERT_TRUE(report->complete()) << errors_of(report);
    EXPECT_LT(fake.clock.now() - before, Millis{10'000});
    EXPECT_EQ(times_ran("ray stop\nulimit -n 65536; ray start --head"), restarted ? 2 : 1);
    EXPECT_NE(fake.ray_on(fake.machine("head-1")), nullptr);
  }
}

TEST_F(StartCommands, NameSecretsByVariables) {
  fake.secrets = {{"secret://env/PW", "hunter22"}};
  desired.specs.at({"head"}).start.commands = {"ray start --head --redis-password=secret://env/PW"};
  up(0);
  const Command& command = fake.ray_on(fake.machine("head-1"))->command;
  EXPECT_EQ(command.argv.back(), "ray start --head --redis-password=\"${RAYCTL_SECRET_0}\"");
  EXPECT_EQ(command.env.at("RAYCTL_SECRET_0"), "hunter22");
}

TEST_F(NodeSteps, ArgumentsOfAStartNameSecretsByVariables) {
  fake.secrets = {{"secret://env/PW", "hun'ter22"}};
  fake.plain_processes = true;
  NodeSpec& spec = desired.specs.at({"head"});
  spec.start.ray = false;
  spec.start.command = {"app", "it's", "--pw=secret://env/PW"};
  up(0);
  const Command& command = fake.ray_on(fake.machine("head-1"))->command;
  EXPECT_EQ(command.argv.front(), "sh");
  EXPECT_EQ(command.argv.back().find("hun"), std::string::npos);
  EXPECT_EQ(command.env.at("RAYCTL_SECRET_0"), "hun'ter22");
}

TEST_F(NodeSteps, StoppingRayEndsItAndIsRecorded) {
  up(1);
  const CloudId id = record("small-1").id;
  add(StopRay{{"small-1"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(fake.ray_on(fake.machines.at(id)), nullptr);
  EXPECT_EQ(record("small-1").running, SpecDigests{});
  EXPECT_EQ(record("small-1").phase, Phase::kReady);
  add(StopRay{{"small-1"}});
  EXPECT_TRUE(apply()->complete());
}

}  // namespace
}  // namespace rayctl
