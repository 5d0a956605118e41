#include "cli/run.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/files.h"
#include "cli/crash_point.h"
#include "cli/run_log.h"
#include "cli/secrets.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class InFolder : public testing::Test {
 public:
  InFolder() : folder(fs::temp_directory_path() / ("rayctl-run-" + std::to_string(getpid()))) {
    fs::create_directories(folder);
  }
  ~InFolder() override {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  Io io() {
    return {.out = out, .err = out, .in = in, .env = [this](const std::string& name) {
              auto found = env.find(name);
              return found == env.end() ? std::nullopt : std::optional(found->second);
            }};
  }

  fs::path folder;
  std::map<std::string, std::string> env;
  std::ostringstream out;
  std::istringstream in;
};

struct FixedClock final : Clock {
  Time now() const override { return Time{Millis{1000}}; }
  bool sleep(Millis, std::stop_token) override { return true; }
};

using RunLogTest = InFolder;

TEST_F(RunLogTest, KeepsEventsAndALogPerNodeForTheOwnerOnly) {
  const FixedClock clock;
  const Step step{.id = 3, .action = SetUpNode{{"gpu-1"}, {"d"}}};
  {
    RunLog log(folder / "run", clock);
    log.step_begun(step, clock.now());
    log.progress(step, {"gpu-1"}, "pip install x");
    log.output({"gpu-1"}, "setup", "one\ntwo\n");
    StepResult result{.step = 3, .outcome = StepResult::Outcome::kFailed};
    result.error = permanent(ErrorCode::kSetupFailed, "it failed");
    log.step_ended(step, result, clock.now());
  }
  const std::string text = *read_file(folder / "run" / "gpu-1.log");
  for (const char* line : {"setup | begun: set-up-node\n", "setup | pip install x\n",
                           "setup |   one\n", "setup |   two\n", "setup | failed: it failed\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " is not in:\n" << text;
  }
  std::istringstream events(*read_file(folder / "run" / "events.jsonl"));
  std::vector<std::string> types;
  for (std::string line; std::getline(events, line);) {
    types.push_back(Json::parse(line)["type"].get<std::string>());
  }
  EXPECT_EQ(types, (std::vector<std::string>{"version", "step-begun", "progress", "output",
                                             "step-ended"}));
  for (const char* name : {"run/events.jsonl", "run/gpu-1.log", "run"}) {
    struct stat status {};
    ASSERT_EQ(stat((folder / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077U, 0U) << name << " is open to others";
  }
}

TEST_F(RunLogTest, ANodesNameCannotLeadOutOfTheFolder) {
  const FixedClock clock;
  RunLog log(folder / "run", clock);
  log.output({"../../escaped"}, "setup", "x");
  EXPECT_FALSE(fs::exists(folder / "escaped.log"));
  EXPECT_FALSE(fs::exists(folder.parent_path() / "escaped.log"));
  EXPECT_TRUE(fs::exists(folder / "run" / ".._.._escaped.log"));
}

using CrashPointTest = InFolder;

TEST_F(CrashPointTest, CountsThePointsThatArePassed) {
  env["RAYCTL_CRASH_COUNT_FILE"] = (folder / "points").string();
  const auto hook = crash_point_hook(io());
  hook("begin:before", CreateNodes{});
  hook("act:after", StartRay{});
  EXPECT_EQ(*read_file(folder / "points"), "create-nodes:begin:before\nstart-ray:act:after\n");
}

TEST_F(CrashPointTest, KillsAtTheNumberOrTheNamedPoint) {
  const auto passes = [&](const std::string& at) {
    env["RAYCTL_CRASH_AT"] = at;
    const auto hook = crash_point_hook(io());
    for (int round = 0; round < 2; ++round) {
      hook("begin:before", CreateNodes{});
      hook("act:after", StartRay{});
      out << "x" << std::flush;
    }
    std::_Exit(7);
  };
  EXPECT_EXIT(passes("1"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passes("4"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passes("start-ray:act:after"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passes("start-ray:act:after:2"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(passes("5"), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(passes("start-ray:act:after:3"), testing::ExitedWithCode(7), "");
  EXPECT_EXIT(passes("stop-ray:act:after"), testing::ExitedWithCode(7), "");
}

using SecretsTest = InFolder;

TEST_F(SecretsTest, ReadVariablesAndFiles) {
  env["TOKEN"] = "abc";
  std::ofstream(folder / "secret") << "line\n";
  EXPECT_EQ(*resolve_secret(io(), "secret://env/TOKEN"), "abc");
  EXPECT_EQ(*resolve_secret(io(), "secret://file" + (folder / "secret").string()), "line");
  for (const std::string wrong :
       {"secret://env/NONE", "secret://file/no/such", "secret://vault/x", "secret://", "plain"}) {
    const Result<std::string> value = resolve_secret(io(), wrong);
    ASSERT_FALSE(value) << wrong;
    EXPECT_EQ(value.error().code, ErrorCode::kSecretUnresolved);
    EXPECT_NE(value.error().message.find(wrong), std::string::npos);
  }
}

Desired wanted(const std::string& setup) {
  Desired desired{.cluster = {"demo"}, .head_type = {"head"}};
  NodeSpec& spec = desired.specs[{"head"}];
  spec.type = {"head"};
  spec.launch = {{"image", "today"}};
  spec.digests.setup = {setup};
  desired.config = {setup};
  return desired;
}

Plan saved_plan(const std::string& setup) {
  const Desired desired = wanted(setup);
  Plan plan{.config = desired.config, .cluster = desired.cluster, .head_type = desired.head_type};
  plan.specs = desired.specs;
  plan.specs[{"head"}].launch = {{"image", "a digest"}};
  return plan;
}

TEST(SavedPlan, TakesItsSpecsFromTheFile) {
  const Result<Plan> plan = refill_plan(saved_plan("a"), wanted("a"));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->specs.at({"head"}).launch, (Json{{"image", "today"}}));
}

TEST(SavedPlan, IsRefusedWithAWordOnWhatMoved) {
  const auto refused = [](const Plan& saved, const Desired& desired) {
    const Result<Plan> plan = refill_plan(saved, desired);
    EXPECT_FALSE(plan);
    if (plan) return std::string();
    EXPECT_EQ(plan.error().code, ErrorCode::kPlanStale);
    return plan.error().message;
  };
  EXPECT_EQ(refused(saved_plan("a"), wanted("b")),
            "the file's node type head was changed since this plan was made");
  Desired renamed = wanted("a");
  renamed.cluster = {"other"};
  EXPECT_EQ(refused(saved_plan("a"), renamed),
            "the file's cluster_name changed since this plan was made");
  Desired files = wanted("a");
  files.specs[{"head"}].digests.files = {"f"};
  EXPECT_EQ(refused(saved_plan("a"), files),
            "files of a mount of node type head were changed since this plan was made");
  Desired gone = wanted("a");
  gone.specs.clear();
  EXPECT_EQ(refused(saved_plan("a"), gone),
            "node type head was removed from the file since this plan was made");
  Desired config = wanted("a");
  config.config = {"other"};
  EXPECT_EQ(refused(saved_plan("a"), config),
            "the cluster's file was changed since this plan was made");
}

}  // namespace
}  // namespace rayctl
