#include <gtest/gtest.h>

#include <algorithm>

#include "tests/applier/lab.h"
#include "transport/container.h"

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;

struct NodeSteps : Lab, testing::Test {
  std::string status_tag(const std::string& node) {
    return fake.machine(node).node.tags.at(kTagNodeStatus);
  }
  void up(int workers) {
    plan_cluster(workers);
    const auto report = apply();
    ASSERT_TRUE(report && report->complete()) << errors_of(report);
  }
  int times_ran(const std::string& line) {
    return static_cast<int>(std::count_if(fake.ran.begin(), fake.ran.end(),
                                          [&](const auto& each) { return each.second == line; }));
  }
};

TEST_F(NodeSteps, FilesArriveAndAreRecorded) {
  up(0);
  EXPECT_EQ(fake.machine("head-1").mounts.at("~/app"), manifest_digest(app_files("1")));
  EXPECT_EQ(record("head-1").applied.files, digests("head").files);
}

TEST_F(NodeSteps, FilesThatChangedSinceThePlanAreRefused) {
  fake.local_files["/src/app"] = app_files("2");
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[1].error;
  EXPECT_EQ(error.code, ErrorCode::kMountMissing);
  EXPECT_EQ(error.message, "file mount ~/app (/src/app) has changed since the plan was made");
  EXPECT_TRUE(fake.machine("head-1").mounts.empty());
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  EXPECT_EQ(record("head-1").failure, error.message);
  EXPECT_EQ(status_tag("head-1"), kStatusUpdateFailed);
}

TEST_F(NodeSteps, TheStatusTagFollows) {
  std::vector<std::string> seen;
  fake.crash_point = [&](const std::string& point, const Action& action) {
    if (point == "act:after" && !std::holds_alternative<CreateNodes>(action)) {
      seen.push_back(status_tag("head-1"));
    }
  };
  up(0);
  EXPECT_EQ(seen,
            (std::vector<std::string>{kStatusSyncingFiles, kStatusSettingUp, kStatusUpToDate}));
}

TEST_F(NodeSteps, CommandsRunInOrderEachOnce) {
  NodeSpec& spec = desired.specs.at({"head"});
  spec.initialization_commands = {"first"};
  spec.setup_commands = {"second", "third"};
  up(0);
  std::vector<std::string> lines;
  for (const auto& [id, line] : fake.ran)
    lines.push_back(line);
  EXPECT_EQ(lines,
            (std::vector<std::string>{"first", "second", "third", "ray start --block --head"}));
}

TEST_F(NodeSteps, AFailingCommandStopsTheNodeWithItsLastLines) {
  desired.specs.at({"head"}).setup_commands = {"one", "pip install x\nmore", "never"};
  fake.rules.exit_codes["pip"] = 3;
  fake.rules.command_time = Millis{31'000};
  plan_cluster(0);
  const auto report = apply();
  EXPECT_EQ(outcomes(report), (std::vector<Outcome>{Outcome::kDone, Outcome::kDone,
                                                    Outcome::kFailed, Outcome::kSkipped}));
  const Error& error = report->steps[2].error;
  EXPECT_EQ(error.code, ErrorCode::kSetupFailed);
  EXPECT_EQ(error.message, "`pip install x` failed with 3 after 31 s");
  EXPECT_EQ(error.context, (std::vector<std::string>{"output of pip install x", "more"}));
  EXPECT_EQ(times_ran("never"), 0);
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  EXPECT_TRUE(record("head-1").applied.setup.empty());
  EXPECT_EQ(status_tag("head-1"), kStatusUpdateFailed);
}

TEST_F(NodeSteps, ACommandThatDoesNotEndIsStopped) {
  fake.rules.command_time = Millis{7'200'000};
  options.command_timeout = Millis{60'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[2].error;
  EXPECT_EQ(error.message, "`install head` still ran after 1 min and was stopped");
  const FakeMachine& head = fake.machine("head-1");
  EXPECT_TRUE(std::all_of(head.ops.begin(), head.ops.end(),
                          [&](const auto& op) { return !fake.runs(head, op.first); }));
}

TEST_F(NodeSteps, AResumedSetUpGoesOnWhereItWas) {
  desired.specs.at({"head"}).setup_commands = {"one", "two"};
  fake.crash_point = [&](const std::string& point, const Action& action) {
    if (point == "act:after" && std::holds_alternative<SetUpNode>(action)) {
      fake.kill();
      throw Killed{};
    }
  };
  plan_cluster(0);
  EXPECT_THROW((void)apply(), Killed);
  fake.revive();
  fake.crash_point = {};
  add(SetUpNode{{"head-1"}, digests("head").setup});
  plan.steps.back().resume = records().open.at(0).token;
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("one"), 1);
  EXPECT_EQ(times_ran("two"), 1);
}

TEST_F(NodeSteps, ADroppedConnectionDuringSetUpLeavesItToBeTakenUp) {
  bool drop = true;
  fake.mishap = [&](const std::string& call) {
    return drop && call == "status" ? Mishap::kLostAfter : Mishap::kNone;
  };
  plan_cluster(0);
  const auto report = apply();
  EXPECT_EQ(report->steps[2].error.fault, Fault::kUnknown);
  ASSERT_EQ(records().open.size(), 1U);
  drop = false;
  add(SetUpNode{{"head-1"}, digests("head").setup});
  plan.steps.back().resume = records().open[0].token;
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("install head"), 1);
}

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

TEST_F(NodeSteps, AMachineThatDoesNotAnswerYetIsWaitedFor) {
  fake.rules.ssh_delay = Millis{40'000};
  std::string status;
  fake.mishap = [&](const std::string& call) {
    if (call == "run" && status.empty() && fake.living().size() == 1 &&
        fake.clock.now() - fake.machines.begin()->second.made_at > Millis{10'000}) {
      status = fake.machines.begin()->second.node.tags.at(kTagNodeStatus);
    }
    return Mishap::kNone;
  };
  up(0);
  EXPECT_EQ(status, kStatusWaitingForSsh);
  EXPECT_NE(observer.talk.find("head-1: waiting for SSH: cannot connect"), std::string::npos);
  EXPECT_EQ(status_tag("head-1"), kStatusUpToDate);
}

TEST_F(NodeSteps, AMachineThatNeverAnswersFailsWithItsNameAndAddress) {
  fake.rules.ssh_delay = Millis{4'000'000};
  options.reach_timeout = Millis{60'000};
  plan_cluster(0);
  const auto report = apply();
  const Error& error = report->steps[1].error;
  EXPECT_EQ(error.code, ErrorCode::kConnectionLost);
  EXPECT_EQ(error.message.find("head-1 (" + record("head-1").ip + ") did not answer within 1 min"),
            0U)
      << error.message;
  EXPECT_EQ(record("head-1").phase, Phase::kFailed);
  fake.rules.ssh_delay = Millis{0};
  const int first = bring_up("head", "head-1", {});
  EXPECT_EQ(first, 2);
  EXPECT_TRUE(apply()->complete());
}

TEST_F(NodeSteps, InitializationRunsOncePerChangeAndSetUpAgain) {
  NodeSpec& spec = desired.specs.at({"head"});
  spec.initialization_commands = {"init"};
  up(0);
  add(SetUpNode{{"head-1"}, {"other"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("init"), 1);
  EXPECT_EQ(times_ran("install head"), 2);
  spec.initialization_commands = {"init", "more"};
  add(SetUpNode{{"head-1"}, {"third"}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(times_ran("init"), 2);
  EXPECT_EQ(times_ran("more"), 1);
}

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

TEST_F(NodeSteps, SetUpOfAWorkerKnowsTheHeadIfItAsks) {
  desired.specs.at({"small"}).setup_commands = {"ping $RAY_HEAD_IP", "other"};
  up(1);
  const FakeMachine& worker = fake.machine("small-1");
  for (const auto& [token, op] : worker.ops) {
    if (op.command.argv.back() != "ping $RAY_HEAD_IP") continue;
    EXPECT_EQ(op.command.env.at("RAY_HEAD_IP"), record("head-1").ip);
  }
  EXPECT_EQ(times_ran("ping $RAY_HEAD_IP"), 1);
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

TEST_F(NodeSteps, AnIdleNodeIsDrainedAtOnce) {
  up(1);
  const CloudId id = record("small-1").id;
  const Time before = fake.clock.now();
  add(DrainNode{{"small-1"}, id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_TRUE(fake.machines.at(id).drained_at);
  EXPECT_LT(fake.clock.now() - before, Millis{1'000});
  EXPECT_EQ(record("small-1").phase, Phase::kDraining);
}

TEST_F(NodeSteps, ABusyNodeIsGivenTimeButNoMoreThanItsPatience) {
  up(2);
  for (const auto& [node, busy, most] :
       {std::tuple{"small-1", 14'000, 16'000}, std::tuple{"small-2", 900'000, 62'000}}) {
    const CloudId id = record(node).id;
    const Time before = fake.clock.now();
    fake.machines.at(id).busy_until = before + Millis{busy};
    const int drain = add(DrainNode{{node}, id, Millis{60'000}});
    add(TerminateNode{{node}, id}, {drain});
    ASSERT_TRUE(apply()->complete());
    EXPECT_GE(fake.clock.now() - before, std::min(Millis{busy}, Millis{60'000}));
    EXPECT_LT(fake.clock.now() - before, Millis{most});
    EXPECT_FALSE(records().nodes.contains({node}));
  }
}

TEST_F(NodeSteps, DrainingIsDoneWhereThereIsNobodyToAsk) {
  up(2);
  fake.rules.gcs_down = true;
  add(DrainNode{{"small-1"}, record("small-1").id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_NE(observer.talk.find("small-1: not drained: GCS does not answer"), std::string::npos);
  fake.rules.gcs_down = false;
  add(StopRay{{"small-2"}});
  ASSERT_TRUE(apply()->complete());
  add(DrainNode{{"small-2"}, record("small-2").id, Millis{60'000}});
  ASSERT_TRUE(apply()->complete());
  EXPECT_NE(observer.talk.find("small-2: already gone from Ray"), std::string::npos);
}

TEST_F(NodeSteps, TerminatingWaitsUntilTheMachineIsGoneAndForgetsIt) {
  up(1);
  const CloudId id = record("small-1").id;
  fake.rules.stopping = Millis{40'000};
  add(TerminateNode{{"small-1"}, id});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(fake.machines.at(id).node.power, Power::kStopping);
  EXPECT_FALSE(records().nodes.contains({"small-1"}));
}

TEST_F(NodeSteps, AMachineThatGoesOnRunningIsNotForgotten) {
  up(1);
  const CloudId id = record("small-1").id;
  fake.mishap = [](const std::string& call) {
    return call == "terminate" ? Mishap::kLostBefore : Mishap::kNone;
  };
  add(TerminateNode{{"small-1"}, id});
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_EQ(report->steps[0].error.fault, Fault::kUnknown);
  EXPECT_TRUE(records().nodes.contains({"small-1"}));
  EXPECT_EQ(records().open.size(), 1U);
}

TEST_F(NodeSteps, SyncedFilesAreRefusedWhereTheyAreAskedFor) {
  up(1);
  const int container = add(PrepareContainer{{"small-1"}, {}});
  add(SyncFromHead{{"small-1"}, {"none"}}, {container});
  ASSERT_TRUE(apply()->complete());
  EXPECT_EQ(record("small-1").applied.synced, Digest{"none"});
  desired.specs.at({"small"}).synced_files = {"~/x"};
  add(SyncFromHead{{"small-1"}, {"s"}});
  const auto report = apply();
  EXPECT_EQ(report->failed(), 1);
  EXPECT_EQ(report->steps[0].error.code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace rayctl
