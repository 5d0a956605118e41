#include "cli/remote.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <sstream>
#include <thread>

#include "cli/access/contain.h"
#include "cli/forwards.h"
#include "cli/remote_run.h"
#include "cli/views/prefixed_lines.h"
#include "model/json.h"
#include "model/tags.h"
#include "tests/cli/app_fixture.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

using namespace std::chrono_literals;

TEST(Ports, AsRayAndSshWriteThem) {
  EXPECT_EQ(*parse_ports({"8265", "9999:80"}), (std::vector<PortPair>{{8265, 8265}, {9999, 80}}));
  for (const char* wrong : {"", "0", "65536", "x", "1:2:3", "80:", ":80", "8265 "})
    EXPECT_FALSE(parse_ports({wrong})) << wrong;
}

TEST(PrefixedLines, OnlyWholeLinesAndTheLastOneToo) {
  std::ostringstream out;
  std::mutex mutex;
  {
    PrefixedLines lines(out, mutex, "a", 3);
    lines.add("on");
    EXPECT_EQ(out.str(), "");
    lines.add("e\n\ntwo\nthr");
    EXPECT_EQ(out.str(), "a   | one\na   | \na   | two\n");
    lines.add("ee");
  }
  EXPECT_EQ(out.str(), "a   | one\na   | \na   | two\na   | three\n");
}

/// Commands on this machine, each node with a home of its own.
class RemoteRunTest : public testing::Test {
 public:
  RemoteRunTest() {
    folder_ =
        std::filesystem::temp_directory_path() / ("rayctl-remote-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~RemoteRunTest() override { std::filesystem::remove_all(folder_); }

  RemoteNode node(const std::string& name) {
    const std::filesystem::path home = folder_ / name;
    std::filesystem::create_directories(home);
    RemoteNode node{.name = NodeName{name},
                    .machine = {.id = CloudId{name}},
                    .runner = std::make_unique<LocalRunner>(LocalRunnerSettings{
                        .home = home.string(), .env = {{"PATH", "/usr/bin:/bin"}}}),
                    .env = {{"RAY_ADDRESS", "10.0.0.1:6379"}}};
    return node;
  }
  std::filesystem::path home(const std::string& name) const { return folder_ / name; }

  void send_once_begun(int number) const {
    for (int i = 0; i < 1000 && !std::filesystem::exists(home("head-1") / "begun"); ++i)
      std::this_thread::sleep_for(10ms);
    kill(getpid(), number);
  }

  std::ostringstream out, err;
  std::istringstream in;
  Io io{.out = out, .err = err, .in = in, .env = [](const std::string&) {
          return std::optional<std::string>();
        }};
  SystemClock clock;
  Session session{.io = io, .clock = clock, .providers = builtin_providers()};

 private:
  std::filesystem::path folder_;
};

TEST_F(RemoteRunTest, TheStatusAndBothOutputsAreTheCommands) {
  const RemoteNode head = node("head-1");
  const Command line = line_on_node(head, "echo out $RAY_ADDRESS; echo err >&2; exit 42");
  EXPECT_EQ(*run_through(session, head, line), 42);
  EXPECT_EQ(out.str(), "out 10.0.0.1:6379\n");
  EXPECT_EQ(err.str(), "err\n");
}

TEST_F(RemoteRunTest, ArgumentsArriveAsTheyWereGiven) {
  const RemoteNode head = node("head-1");
  EXPECT_EQ(
      *run_through(session, head, program_on_node(head, {"printf", "[%s]", "a b", "$HOME", ""})),
      0);
  EXPECT_EQ(out.str(), "[a b][$HOME][]");
}

TEST_F(RemoteRunTest, TheNodesTokenIsNamedWhereItHasOne) {
  const RemoteNode head = node("head-1");
  const Command show = line_on_node(head, "echo \"$RAY_AUTH_MODE $RAY_AUTH_TOKEN_PATH\"");
  EXPECT_EQ(*run_through(session, head, show), 0);
  EXPECT_EQ(out.str(), " \n");
  std::filesystem::create_directories(home("head-1") / ".rayctl");
  std::ofstream(home("head-1") / ".rayctl/ray_token") << "secret";
  out.str("");
  EXPECT_EQ(*run_through(session, head, show), 0);
  EXPECT_EQ(out.str(), "token " + (home("head-1") / ".rayctl/ray_token").string() + "\n");
}

TEST_F(RemoteRunTest, JsonHoldsWhatWasPrinted) {
  session.json = true;
  const RemoteNode head = node("head-1");
  EXPECT_EQ(*run_through(session, head, line_on_node(head, "echo x; exit 3")), 3);
  const Json json = Json::parse(out.str());
  EXPECT_EQ(json["exit_status"], 3);
  EXPECT_EQ(json["stdout"], "x\n");
}

TEST_F(RemoteRunTest, ASignalReachesTheCommandAndItsChildren) {
  for (const auto& [number, status] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    const RemoteNode head = node("head-1");
    const Command line =
        line_on_node(head, "echo begun; touch ~/begun; sleep 60; echo not reached");
    std::filesystem::remove(home("head-1") / "begun");
    std::jthread sender([&, number = number] { send_once_begun(number); });
    const Time begun = clock.now();
    EXPECT_EQ(*run_through(session, head, line), status);
    EXPECT_LT(clock.now() - begun, 20s);
    EXPECT_EQ(out.str(), "begun\n");
    out.str("");
  }
}

TEST_F(RemoteRunTest, ManyNodesPrintUnderTheirNames) {
  std::vector<NodeCommand> commands;
  for (const char* name : {"head-1", "cpu-1", "cpu-2"}) {
    RemoteNode each = node(name);
    Command line = line_on_node(each, "echo hello; exit $(basename ~ | tr -dc 0-9)");
    commands.push_back({std::move(each), std::move(line)});
  }
  EXPECT_EQ(*run_on_all(session, commands), 2);
  EXPECT_NE(out.str().find("head-1 | hello\n"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("cpu-2  | hello\n"), std::string::npos) << out.str();
  session.json = true;
  out.str("");
  EXPECT_EQ(*run_on_all(session, commands), 2);
  const Json json = Json::parse(out.str());
  EXPECT_EQ(json["nodes"].size(), 3U);
  EXPECT_EQ(json["nodes"][2]["exit_status"], 2);
  EXPECT_TRUE(json["nodes"][2]["error"].is_null());
}

/// A connection that drops: some calls never reach the node.
class Dropping final : public CommandRunner {
 public:
  Dropping(std::unique_ptr<CommandRunner> inner, int good, int lost)
      : inner_(std::move(inner)), good_(good), lost_(lost) {}
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink) override {
    const int call = calls_++;
    if (call >= good_ && call < good_ + lost_) {
      return unknown_outcome(ErrorCode::kConnectionLost, "the connection broke");
    }
    return inner_->run(command, deadline, sink);
  }
  Result<> upload(const std::filesystem::path&, const std::string&, unsigned, Time) override {
    return {};
  }
  Result<> download(const std::string&, const std::filesystem::path&, Time) override { return {}; }
  Result<> put(std::string_view, const std::string&, unsigned, Time) override { return {}; }

 private:
  std::unique_ptr<CommandRunner> inner_;
  int good_, lost_, calls_ = 0;
};

TEST_F(RemoteRunTest, ADetachedCommandOutlivesTheConnection) {
  RemoteNode head = node("head-1");
  head.runner = std::make_unique<Dropping>(std::move(head.runner), 4, 1);
  const Command line =
      line_on_node(head, "for i in 1 2 3 4 5 6; do echo $i; sleep 0.4; done; exit 7");
  EXPECT_EQ(*run_detached(session, head, line, 60s), 7);
  EXPECT_EQ(out.str(), "1\n2\n3\n4\n5\n6\n") << "each line once";
  EXPECT_NE(err.str().find("looking for the command again"), std::string::npos) << err.str();
}

TEST_F(RemoteRunTest, ADetachedCommandThatIsLostIsAnErrorThatSaysWhereItIs) {
  RemoteNode head = node("head-1");
  head.runner = std::make_unique<Dropping>(std::move(head.runner), 1, 1000);
  const Result<int> status =
      run_detached(session, head, line_on_node(head, "sleep 3; exit 7"), Millis{100});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kConnectionLost);
  EXPECT_EQ(status.error().fault, Fault::kUnknown);
  EXPECT_NE(status.error().context.back().find("~/.rayctl/ops/"), std::string::npos);
}

TEST_F(RemoteRunTest, ASignalEndsADetachedCommand) {
  const RemoteNode head = node("head-1");
  const Command line = line_on_node(head, "touch ~/begun; sleep 60; touch ~/not-reached");
  std::jthread sender([&] { send_once_begun(SIGINT); });
  const Time begun = clock.now();
  EXPECT_EQ(*run_detached(session, head, line, 60s), 130);
  EXPECT_LT(clock.now() - begun, 20s);
  EXPECT_FALSE(std::filesystem::exists(home("head-1") / "not-reached"));
}

Looked looked() {
  Looked looked;
  looked.snapshot.cluster_id = ClusterId{"ours"};
  const auto machine = [](const std::string& name, bool head, const std::string& ip) {
    return CloudNode{.id = CloudId{"i-" + name},
                     .cluster = ClusterId{"ours"},
                     .name = NodeName{name},
                     .type = NodeTypeName{head ? "head" : "cpu"},
                     .head = head,
                     .internal_ip = ip};
  };
  CloudNode foreign = machine("other-1", false, "10.0.0.9");
  foreign.cluster = ClusterId{"theirs"};
  CloudNode stopped = machine("cpu-3", false, "10.0.0.4");
  stopped.power = Power::kStopped;
  looked.observed.machines.emplace(
      ProviderName{"local"},
      std::vector<CloudNode>{machine("cpu-10", false, "10.0.0.3"),
                             machine("cpu-2", false, "10.0.0.2"),
                             machine("head-1", true, "10.0.0.1"), foreign, stopped});
  return looked;
}

TEST(RunningMachines, OursThatRunTheHeadFirst) {
  std::vector<std::string> names;
  for (const NamedMachine& each : running_machines(looked()))
    names.push_back(each.name.text);
  EXPECT_EQ(names, (std::vector<std::string>{"head-1", "cpu-2", "cpu-10"}));
}

TEST(Terminal, GoesIntoTheContainerWhereThereIsOne) {
  Config config;
  config.head_type = {"head"};
  config.docker = {{"image", "rayproject/ray"}, {"container_name", "ray one"}};
  config.node_types = {{.name = {"head"}}, {.name = {"cpu"}}};
  config.node_types[1].docker = {{"container_name", "workers"}, {"use_podman", true}};
  CloudNode head{.head = true}, worker{.type = NodeTypeName{"cpu"}};
  EXPECT_FALSE(container_of(config, head)) << "none was made yet";
  head.tags[kTagApplied] = worker.tags[kTagApplied] = "l=,d=0a,f=,s=,r=,y=";
  ASSERT_TRUE(container_of(config, head) && container_of(config, worker));
  EXPECT_EQ(line_in_container(*container_of(config, head), "", true),
            "docker exec -it 'ray one' /bin/bash --login -i");
  EXPECT_EQ(line_in_container(*container_of(config, worker), "tmux attach || tmux new", false),
            "podman exec -i workers /bin/bash --login -i -c 'tmux attach || tmux new'");
  config.docker.clear();
  EXPECT_FALSE(container_of(config, head)) << "the file names none";
}

TEST(AddressOf, TheOuterOneUnlessTheFileSaysOtherwise) {
  Config config;
  CloudNode machine{.internal_ip = "10.0.0.1", .external_ip = "1.2.3.4"};
  EXPECT_EQ(address_of(config, machine), "1.2.3.4");
  config.provider_settings["use_internal_ips"] = true;
  EXPECT_EQ(address_of(config, machine), "10.0.0.1");
  machine.external_ip.clear();
  config.provider_settings.clear();
  EXPECT_EQ(address_of(config, machine), "10.0.0.1");
}

TEST_F(AppTest, FlagsThatDoNotFitAreMistakes) {
  const std::string file = cluster_file();
  const std::string script = write("job.py", "print(1)\n");
  const std::vector<std::vector<std::string>> wrong = {
      {"attach", file, "--new"},
      {"attach", file, "--tmux", "--screen"},
      {"attach", file, "-p", "x"},
      {"exec", file, "true", "--run-env", "moon"},
      {"exec", file, "true", "--all", "--tmux"},
      {"submit", file, script, "--extra-screen-args", "-x"},
      {"submit", file, script, "--args", "1", "--", "2"}};
  for (const std::vector<std::string>& words : wrong) {
    const Ran ran = run(words);
    EXPECT_NE(ran.err.find("RAYCTL-0002"), std::string::npos) << words[0] << ": " << ran.err;
  }
  for (const char* verb : {"attach", "monitor", "dashboard", "doctor", "kill-random-node"}) {
    const Ran ran = run({verb, file});
    EXPECT_NE(ran.err.find("RAYCTL-0006"), std::string::npos) << verb << ": " << ran.err;
    EXPECT_EQ(ran.status, std::string(verb) == "attach" ? 255 : 3) << verb;
  }
}

TEST_F(AppTest, RaysOtherNamesForUpAndDown) {
  EXPECT_EQ(find_verb({"create_or_update", "x.yaml"}).entry->name, "up");
  EXPECT_EQ(find_verb({"create-or-update"}).entry->name, "up");
  EXPECT_EQ(find_verb({"teardown"}).entry->name, "down");
}

}  // namespace
}  // namespace rayctl
