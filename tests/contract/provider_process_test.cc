#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <set>
#include <vector>

#include "base/files.h"
#include "providers/process/environment.h"
#include "providers/process/process_provider.h"
#include "providers/process/reap.h"
#include "providers/process/supervisor.h"
#include "tests/contract/provider_contract.h"
#include "transport/detached_op.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

// The supervisor is this program itself, called with one word more.
constexpr char kSupervisorWord[] = "--node-supervisor";
const bool kIsTest = [] {
  std::ifstream words("/proc/self/cmdline");
  std::string program, word, folder;
  std::getline(words, program, '\0');
  std::getline(words, word, '\0');
  std::getline(words, folder, '\0');
  if (word == kSupervisorWord) std::_Exit(process::run_supervisor(folder));
  return true;
}();

process::MakeRunner local_runners() {
  return [](const std::string& home, const std::map<std::string, std::string>& env, bool confined) {
    return std::make_unique<LocalRunner>(LocalRunnerSettings{home, env, confined});
  };
}

process::ProcessSettings settings(const std::filesystem::path& root) {
  process::ProcessSettings made;
  made.root = root;
  made.supervisor_argv = {std::filesystem::read_symlink("/proc/self/exe").string(),
                          kSupervisorWord};
  made.make_runner = local_runners();
  return made;
}

std::filesystem::path new_root() {
  std::string pattern = testing::TempDir() + "nodes-XXXXXX";
  return ::mkdtemp(pattern.data());
}

ProviderUnderTest process_provider() {
  EXPECT_TRUE(kIsTest);
  const std::filesystem::path root = new_root();
  const auto again = [root] { return make_process_provider(settings(root)).provider; };
  return {again(), again,
          std::shared_ptr<void>(nullptr, [root](void*) { std::filesystem::remove_all(root); })};
}

INSTANTIATE_TEST_SUITE_P(Process, ProviderContract,
                         testing::Values(ProviderFactory(process_provider)));

// Passes commands on and ends this process before or after the first one, as kill -9 would.
class FatalRunner final : public CommandRunner {
 public:
  FatalRunner(std::unique_ptr<CommandRunner> inner, bool after)
      : inner_(std::move(inner)), after_(after) {}
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink) override {
    if (after_) static_cast<void>(inner_->run(command, deadline, sink));
    std::_Exit(0);
  }
  Result<> upload(const std::filesystem::path&, const std::string&, unsigned, Time) override {
    return Error{};
  }
  Result<> download(const std::string&, const std::filesystem::path&, Time) override {
    return Error{};
  }
  Result<> put(std::string_view, const std::string&, unsigned, Time) override { return Error{}; }

 private:
  std::unique_ptr<CommandRunner> inner_;
  bool after_;
};

class ProcessNodes : public testing::Test {
 public:
  ProcessNodes() { spec.type = {"cpu"}; }
  ~ProcessNodes() override {
    for (const CloudNode& node : list())
      EXPECT_TRUE(parts.provider->terminate(node.id, soon()));
    std::filesystem::remove_all(root);
  }

  Time soon() const { return clock.now() + Millis{60'000}; }
  std::vector<CloudNode> list() { return *parts.provider->list({"c"}, soon()); }
  Result<std::vector<CloudNode>> create(Provider& provider, const std::string& token, int count) {
    LaunchRequest request{{"c"}, {}, &spec, {token}, {}};
    for (int i = 1; i <= count; ++i)
      request.nodes.push_back({"cpu-" + std::to_string(i)});
    request.tags = launch_tags({"c"}, {"id"}, spec, {token});
    return provider.create(request, soon());
  }
  CloudNode create_one(const std::string& token = "t") {
    const auto made = create(*parts.provider, token, 1);
    EXPECT_TRUE(made) << made.error().message;
    return made->at(0);
  }
  // Runs something in a child process that then ends.
  void in_child(const std::function<void()>& act) {
    const pid_t child = ::fork();
    if (child == 0) {
      act();
      std::_Exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
  }
  // Creates in a child process that is killed when it starts the first supervisor.
  enum class Death { kBeforeTheFork, kAfterTheFork };
  void create_and_die(const std::string& token, int count, Death when) {
    process::ProcessSettings fatal = settings(root);
    fatal.make_runner = [when](const std::string& home, const auto& env, bool confined) {
      return std::make_unique<FatalRunner>(local_runners()(home, env, confined),
                                           when == Death::kAfterTheFork);
    };
    in_child(
        [&] { static_cast<void>(create(*make_process_provider(fatal).provider, token, count)); });
  }
  std::filesystem::path folder_of(const CloudNode& node) {
    process::NodeRoot nodes(root);
    const auto folder = nodes.find(node.id);
    EXPECT_TRUE(folder);
    return folder ? folder->path() : "";
  }
  void start(const CloudNode& node, const std::string& token, const std::string& script) {
    const auto runner = parts.access->runner(node);
    ASSERT_TRUE(runner) << runner.error().message;
    ASSERT_TRUE(start_op(**runner, {token}, {{"sh", "-c", script}, {}, ""}, soon()));
  }
  std::string output(const CloudNode& node, const std::string& script) {
    const auto runner = parts.access->runner(node);
    EXPECT_TRUE(runner);
    return (*runner)->run({{"sh", "-c", script}, {}, ""}, soon())->out;
  }
  bool eventually(const std::function<bool()>& holds) {
    for (const Time until = soon(); clock.now() < until; clock.sleep(Millis{20}, {})) {
      if (holds()) return true;
    }
    return false;
  }

  SystemClock clock;
  const std::filesystem::path root = new_root();
  NodeSpec spec;
  process::ProcessParts parts = make_process_provider(settings(root));
};

TEST_F(ProcessNodes, OutliveTheirCreator) {
  in_child([&] { static_cast<void>(create(*parts.provider, "t", 2)); });
  ASSERT_EQ(list().size(), 2U);
  for (const CloudNode& node : list())
    EXPECT_EQ(node.power, Power::kRunning);
}

TEST_F(ProcessNodes, HaveAHomeAndAnEnvironmentOfTheirOwn) {
  ::setenv("RAY_ADDRESS", "elsewhere", 1);
  ::setenv("RAYCTL_STATE", "elsewhere", 1);
  const CloudNode node = create_one();
  const std::string folder = folder_of(node).string();
  EXPECT_EQ(output(node, "echo \"$HOME|$PWD|$RAYCTL_NODE_DIR|$RAY_ADDRESS|$RAYCTL_STATE\""),
            folder + "|" + folder + "|" + folder + "||\n");
  ::unsetenv("RAY_ADDRESS");
  ::unsetenv("RAYCTL_STATE");
  const auto runner = parts.access->runner(node);
  EXPECT_TRUE((*runner)->put("x", "~/file", 0600, soon()));
  EXPECT_FALSE((*runner)->put("x", root / "file", 0600, soon()));
  EXPECT_FALSE((*runner)->put("x", "~/../file", 0600, soon()));
}

TEST_F(ProcessNodes, TakeVariablesFromTheirConfig) {
  spec.launch = Json{{"env", {{"WORD", "a b"}, {"NUMBER", 3}}}};
  EXPECT_EQ(output(create_one(), "echo \"$WORD|$NUMBER\""), "a b|3\n");
}

TEST_F(ProcessNodes, EachHasALoopbackAddress) {
  const auto made = create(*parts.provider, "t", 5);
  ASSERT_TRUE(made);
  std::set<std::string> addresses;
  for (const CloudNode& node : *made) {
    EXPECT_TRUE(node.internal_ip.starts_with("127."));
    EXPECT_NE(node.internal_ip, "127.0.0.1");
    addresses.insert(node.internal_ip);
  }
  EXPECT_EQ(addresses.size(), 5U);
}

TEST_F(ProcessNodes, TerminateEndsEverythingOfANodeAndOnlyThat) {
  const CloudNode node = create_one("a"), other = create_one("b");
  const std::filesystem::path folder = folder_of(node), other_folder = folder_of(other);
  start(other, "op", "exec sleep 62");
  // A program that takes its time, a daemon in a session of its own, one whose parent is gone.
  start(node, "op1", "trap 'sleep 1; exit' TERM; sleep 62 & while :; do sleep 0.1; done");
  start(node, "op2", "setsid sh -c 'sleep 62 & sleep 62' & sleep 62");
  start(node, "op3", "(sleep 62 &) ; true");
  ASSERT_TRUE(eventually([&] { return process::processes_of(folder).size() >= 10; }));
  const Time before = clock.now();
  ASSERT_TRUE(parts.provider->terminate(node.id, soon()));
  EXPECT_LT(clock.now() - before, Millis{20'000});
  EXPECT_TRUE(process::processes_of(folder).empty());
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_FALSE(process::alive(*process::parse_identity(node.id.text)));
  EXPECT_EQ(process::processes_of(other_folder).size(), 2U);
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].id, other.id);
}

TEST_F(ProcessNodes, AKilledSupervisorIsANodeThatStoppedAndCanBeCleared) {
  const CloudNode node = create_one();
  const std::filesystem::path folder = folder_of(node);
  start(node, "op", "exec sleep 62");
  ASSERT_TRUE(eventually([&] { return process::processes_of(folder).size() == 2; }));
  ASSERT_TRUE(process::send_signal(*process::parse_identity(node.id.text), SIGKILL));
  ASSERT_TRUE(eventually([&] { return list()[0].power == Power::kStopped; }));
  EXPECT_EQ(list()[0].id, node.id);
  EXPECT_EQ(list()[0].token, OpToken{"t"});
  EXPECT_FALSE(parts.access->runner(node)) << "nothing is started on it";
  EXPECT_EQ(process::processes_of(folder).size(), 2U) << "the list changes nothing";
  ASSERT_TRUE(parts.provider->terminate(node.id, soon()));
  EXPECT_TRUE(process::processes_of(folder).empty());
  EXPECT_TRUE(list().empty());
}

TEST_F(ProcessNodes, ANumberInUseAgainIsNotTheNode) {
  const CloudNode node = create_one();
  const std::filesystem::path folder = folder_of(node);
  ASSERT_TRUE(process::send_signal(*process::parse_identity(node.id.text), SIGKILL));
  ASSERT_TRUE(eventually([&] { return list()[0].power == Power::kStopped; }));
  // The folder now names this test, as if its number had been given out again.
  process::Identity self = *process::identity_of(::getpid());
  self.start += 1;
  ASSERT_TRUE(write_file_atomic(folder / ".rayctl/id", to_text(self)));
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].power, Power::kStopped);
  EXPECT_TRUE(parts.provider->terminate(list()[0].id, soon()));
  EXPECT_TRUE(list().empty());
}

TEST_F(ProcessNodes, ACreatorKilledBeforeTheForkLeavesAFolderThatTheNextOneUses) {
  create_and_die("t", 2, Death::kBeforeTheFork);
  const std::vector<CloudNode> left = list();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].power, Power::kStopped);
  EXPECT_EQ(left[0].token, OpToken{"t"});
  const auto made = create(*parts.provider, "t", 2);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->size(), 2U);
  for (const CloudNode& node : list())
    EXPECT_EQ(node.power, Power::kRunning);
  EXPECT_EQ(list().size(), 2U);

  create_and_die("u", 1, Death::kBeforeTheFork);
  ASSERT_EQ(list().size(), 3U);
  for (const CloudNode& node : list()) {
    if (node.token != OpToken{"u"}) continue;
    EXPECT_TRUE(parts.provider->terminate(node.id, soon()));
  }
  EXPECT_EQ(list().size(), 2U);
}

TEST_F(ProcessNodes, ACreatorKilledAfterTheForkMakesNoneTwice) {
  create_and_die("t", 1, Death::kAfterTheFork);
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].power, Power::kRunning);
  const auto made = create(*parts.provider, "t", 1);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->at(0).id, list()[0].id);
}

TEST_F(ProcessNodes, ATerminatorKilledMidwayIsFinishedByTheSupervisor) {
  const CloudNode node = create_one();
  const std::filesystem::path folder = folder_of(node);
  start(node, "op", "trap 'sleep 0.5; exit' TERM; while :; do sleep 0.1; done");
  ASSERT_TRUE(eventually([&] { return process::processes_of(folder).size() >= 2; }));
  in_child([&] { static_cast<void>(parts.provider->terminate(node.id, clock.now())); });
  const std::vector<CloudNode> seen = list();
  EXPECT_TRUE(seen.empty() || seen[0].power == Power::kStopping ||
              seen[0].power == Power::kRunning);
  EXPECT_TRUE(eventually([&] { return list().empty(); }));
  EXPECT_TRUE(process::processes_of(folder).empty());
  EXPECT_TRUE(eventually([&] { return !alive(*process::parse_identity(node.id.text)); }));
}

TEST_F(ProcessNodes, AFolderThatCannotBeReadIsShownAndHidesNoOther) {
  const CloudNode good = create_one("a"), odd = create_one("b");
  std::ofstream(folder_of(odd) / ".rayctl/tags.json") << "{ broken";
  std::ofstream(folder_of(odd) / ".rayctl/node.json") << "";
  ASSERT_EQ(list().size(), 2U);
  for (const CloudNode& node : list()) {
    EXPECT_EQ(node.token, node.id == good.id ? std::optional(OpToken{"a"}) : std::nullopt);
  }
}

// Its maker was killed when its supervisor was already on the way: what a list has shown holds.
TEST_F(ProcessNodes, ANodeThatWasListedUnbornIsNotBornLater) {
  create_and_die("t", 1, Death::kBeforeTheFork);
  const std::vector<CloudNode> listed = list();
  ASSERT_EQ(listed.size(), 1U);
  std::vector<std::string> supervisor = settings(root).supervisor_argv;
  supervisor.push_back(folder_of(listed[0]).string());
  const auto ran = local_runners()("/", process::inherited_environment(), false)
                       ->run({.argv = supervisor, .env = {}, .input = ""}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_NE(ran->exit_code, 0);
  EXPECT_NE(ran->err.find("given up"), std::string::npos) << ran->err;
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].id, listed[0].id);
  EXPECT_EQ(list()[0].power, Power::kStopped);
  ASSERT_TRUE(create(*parts.provider, "t", 1));
  EXPECT_EQ(list()[0].power, Power::kRunning);
}

// One that an older rayctl's list caught unborn, and whose supervisor lived after all.
TEST_F(ProcessNodes, ANodeThatWasBornLateEndsUnderTheIdItWasListedWith) {
  const CloudNode node = create_one();
  const std::filesystem::path folder = folder_of(node);
  start(node, "op", "exec sleep 63");
  const CloudId listed{"unborn-" + folder.filename().string()};
  ASSERT_TRUE(parts.provider->terminate(listed, soon()));
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_TRUE(process::processes_of(folder).empty());
  EXPECT_FALSE(alive(*process::parse_identity(node.id.text)));
}

TEST_F(ProcessNodes, ANodeWhoseFolderIsRemovedEnds) {
  const CloudNode node = create_one();
  const std::filesystem::path folder = folder_of(node);
  start(node, "op", "exec sleep 62");
  ASSERT_TRUE(eventually([&] { return process::processes_of(folder).size() == 2; }));
  std::filesystem::remove_all(root);
  EXPECT_TRUE(eventually([&] { return process::processes_of(folder).empty(); }));
  EXPECT_TRUE(eventually([&] { return !alive(*process::parse_identity(node.id.text)); }));
}

TEST_F(ProcessNodes, ASupervisorThatDoesNotStartLeavesNothing) {
  process::ProcessSettings broken = settings(root);
  broken.supervisor_argv = {"sh", "-c", "echo no room >&2; exit 1"};
  const auto made = create(*make_process_provider(broken).provider, "t", 2);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kLaunchFailed);
  EXPECT_NE(made.error().message.find("no room"), std::string::npos);
  EXPECT_TRUE(list().empty());
}

TEST_F(ProcessNodes, TheListIsQuick) {
  constexpr int kMore = 299;
  const std::filesystem::path model = folder_of(create_one());
  for (int i = 0; i < kMore; ++i) {
    const std::filesystem::path copy = root / "c" / ("copy-" + std::to_string(i)) / ".rayctl";
    std::filesystem::create_directories(copy);
    for (const char* file : {"tags.json", "node.json", "id", "lock"})
      std::filesystem::create_hard_link(model / ".rayctl" / file, copy / file);
  }
  const Time before = clock.now();
  EXPECT_EQ(list().size(), kMore + 1U);
  const Millis took = clock.now() - before;
  std::cout << kMore + 1 << " nodes listed in " << took.count() << " ms\n";
  EXPECT_LT(took, Millis{1000});
  for (int i = 0; i < kMore; ++i)
    std::filesystem::remove_all(root / "c" / ("copy-" + std::to_string(i)));
}

}  // namespace
}  // namespace rayctl
