#include "applier/secrets.h"

#include <gtest/gtest.h>

#include "applier/container_options.h"
#include "base/text.h"
#include "tests/applier/lab.h"

namespace rayctl {
namespace {

struct SecretsOf : testing::Test {
  Secrets resolve() {
    lab.fake.secrets = {{"secret://env/KEY", "k'e y"}, {"secret://file/~/pw", "hunter22"}};
    lab.plan.specs = lab.desired.specs;
    World world = lab.fake.world(lab.store);
    Result<Secrets> secrets = Secrets::resolve(lab.plan, world);
    EXPECT_TRUE(secrets);
    return *secrets;
  }
  std::string bound(const std::string& line) {
    lab.desired.specs.at({"small"}).setup_commands = {line};
    std::map<std::string, std::string> env;
    const std::string text = resolve().bind(line, env);
    values = env;
    return text;
  }
  Lab lab;
  std::map<std::string, std::string> values;
};

TEST(SecretReferences, EndWhereAWordEnds) {
  EXPECT_EQ(
      secret_references("a=secret://env/A; b 'secret://file/~/x.pem' secret://env/A"),
      (std::vector<std::string>{"secret://env/A", "secret://file/~/x.pem", "secret://env/A"}));
  EXPECT_TRUE(secret_references("nothing secret").empty());
}

TEST_F(SecretsOf, ACommandLineNamesAVariableQuotedForItsPlace) {
  EXPECT_EQ(bound("login secret://env/KEY"), "login \"${RAYCTL_SECRET_0}\"");
  EXPECT_EQ(values.at("RAYCTL_SECRET_0"), "k'e y");
  EXPECT_EQ(bound("login \"a secret://env/KEY\""), "login \"a ${RAYCTL_SECRET_0}\"");
  EXPECT_EQ(bound("login 'a secret://env/KEY'"), "login 'a '\"${RAYCTL_SECRET_0}\"''");
  EXPECT_EQ(bound(R"(echo \" secret://env/KEY)"), R"(echo \" "${RAYCTL_SECRET_0}")");
  EXPECT_EQ(bound("echo plain"), "echo plain");
  EXPECT_TRUE(values.empty());
}

TEST_F(SecretsOf, OptionsOfAContainerNameTheVariableAlone) {
  lab.desired.specs.at({"small"}).setup_commands = {"secret://env/KEY secret://file/~/pw"};
  const Secrets secrets = resolve();
  const std::vector<std::pair<std::string, std::string>> rows{
      {"-v $HOME/a:/b --gpus=all", "-v $HOME/a:/b --gpus=all"},
      {"-e A=secret://env/KEY  -x", "-e A  -x"},
      {"--env A=secret://env/KEY", "--env A"},
      {"--env=A=secret://env/KEY -e B=plain", "--env=A -e B=plain"},
      {"-eA=secret://env/KEY", "-eA"},
      {"-e \"A=secret://env/KEY\"", "-e A"}};
  for (const auto& [options, without] : rows) {
    std::map<std::string, std::string> env;
    const Result<std::string> result = options_without_secrets(options, secrets, env);
    ASSERT_TRUE(result) << options;
    EXPECT_EQ(*result, without);
    const bool secret = options.find("secret://") != std::string::npos;
    EXPECT_EQ(env, secret ? (std::map<std::string, std::string>{{"A", "k'e y"}})
                          : (std::map<std::string, std::string>{}))
        << options;
  }
  for (const char* options : {"--hostname secret://env/KEY", "-e secret://env/KEY",
                              "-e A secret://env/KEY", "-l a=secret://env/KEY"}) {
    std::map<std::string, std::string> env;
    EXPECT_FALSE(options_without_secrets(options, secrets, env)) << options;
  }
}

TEST_F(SecretsOf, TheLaunchBodyGetsTheValues) {
  NodeSpec& spec = lab.desired.specs.at({"small"});
  spec.launch = {{"user", {{"data", "pw=secret://file/~/pw"}}}, {"count", 3}};
  const Json revealed = resolve().reveal(spec.launch);
  EXPECT_EQ(revealed, (Json{{"user", {{"data", "pw=hunter22"}}}, {"count", 3}}));
}

TEST_F(SecretsOf, AMissingOneStopsTheApplyBeforeAnythingIsDone) {
  lab.desired.specs.at({"small"}).setup_commands = {"login secret://env/NONE"};
  lab.plan_cluster(1);
  const Result<ApplyReport> report = lab.apply();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kSecretUnresolved);
  EXPECT_TRUE(lab.fake.machines.empty());
  EXPECT_EQ(lab.records().serial, 0);
}

TEST_F(SecretsOf, ReachTheNodeInTheEnvironmentAndNobodyElse) {
  lab.fake.secrets = {{"secret://env/KEY", "hunter22"}};
  lab.desired.specs.at({"head"}).setup_commands = {"login --key=secret://env/KEY"};
  lab.fake.rules.exit_codes["login"] = 1;
  lab.plan_cluster(0);
  const Result<ApplyReport> report = lab.apply();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed(), 1);
  const FakeMachine& head = lab.fake.machine("head-1");
  bool given = false;
  for (const auto& [token, op] : head.ops) {
    given = given || op.command.env.contains("RAYCTL_SECRET_0");
    EXPECT_EQ(join(op.command.argv, " ").find("hunter22"), std::string::npos);
  }
  EXPECT_TRUE(given);
  EXPECT_EQ(errors_of(report).find("hunter22"), std::string::npos);
  EXPECT_EQ(lab.record("head-1").failure.find("hunter22"), std::string::npos);
}

}  // namespace
}  // namespace rayctl
