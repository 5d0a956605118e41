#include "cli/autoscale/service.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;
using State = OpStatus::State;

/// A machine with a bundle whose program is a shell script.
class ServiceTest : public testing::Test {
 public:
  ServiceTest() {
    std::string pattern = testing::TempDir() + "service-XXXXXX";
    home = ::mkdtemp(pattern.data());
    fs::create_directories(home / "bin");
    runner = std::make_unique<LocalRunner>(LocalRunnerSettings{
        .home = home, .env = {{"PATH", (home / "bin").string() + ":" + std::getenv("PATH")}}});
    service = std::make_unique<AutoscalerService>(*runner, clock, ClusterId{"c/1"},
                                                  (home / "root").string());
  }
  ~ServiceTest() override {
    EXPECT_TRUE(service->stop_all(Millis{2'000}, soon()));
    fs::remove_all(home);
  }
  Time soon() { return clock.now() + Millis{30'000}; }
  void script(const std::string& name, const std::string& text) {
    fs::create_directories((home / name).parent_path());
    std::ofstream(home / name) << "#!/bin/sh\n" << text;
    ::chmod((home / name).c_str(), 0700);
  }
  /// The arguments that the loader gets: options, folder, program, verb and bundle.
  std::string bundle(const std::string& digest, const std::string& program) {
    const std::string folder = ".rayctl/autoscaler/bundle-" + digest;
    script(folder + "/program/ld.so", "echo \"$0 $*\" >>~/started\n" + program);
    return "~/" + folder;
  }
  std::string told(const std::string& name) {
    const Result<std::string> text = read_file(home / name);
    return text ? *text : "";
  }
  bool wait_for(const std::function<bool()>& what) {
    for (int i = 0; i < 1'000; ++i) {
      if (what()) return true;
      clock.sleep(Millis{20}, {});
    }
    return false;
  }
  std::size_t starts() { return split(told("started"), '\n').size() - 1; }
  State state() { return service->runs(soon())->at(0).op.state; }

  SystemClock clock;
  fs::path home;
  std::unique_ptr<LocalRunner> runner;
  std::unique_ptr<AutoscalerService> service;
};

TEST_F(ServiceTest, RunsOnceByItsOwnLoaderUntilItIsStopped) {
  const std::string folder =
      bundle("d1", "trap 'echo over >>~/ended; exit 1' TERM\nsleep 60 & wait\n");
  ASSERT_TRUE(service->start(folder, soon()));
  ASSERT_TRUE(service->start(folder, soon()));
  ASSERT_TRUE(wait_for([&] { return starts() == 1; }));
  const std::string there = (home / ".rayctl/autoscaler/bundle-d1").string();
  EXPECT_EQ(told("started"), there + "/program/ld.so --inhibit-cache --library-path " + there +
                                 "/program " + there + "/program/rayctl autoscale " + there + "\n");
  const auto runs = service->runs(soon());
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 1U);
  EXPECT_EQ(runs->at(0).bundle, Digest{"d1"});
  EXPECT_EQ(runs->at(0).op.state, State::kRunning);
  ASSERT_TRUE(service->stop({"d1"}, Millis{10'000}, soon()));
  EXPECT_EQ(told("ended"), "over\n");
  EXPECT_EQ(state(), State::kDone);
  EXPECT_EQ(starts(), 1U);
  // The same bundle may run again.
  ASSERT_TRUE(service->start(folder, soon()));
  EXPECT_TRUE(wait_for([&] { return starts() == 2; }));
}

TEST_F(ServiceTest, OneThatDoesNotEndIsKilled) {
  ASSERT_TRUE(service->start(bundle("d1", "trap '' TERM\nsleep 60\nsleep 60\n"), soon()));
  ASSERT_TRUE(wait_for([&] { return starts() == 1; }));
  ASSERT_TRUE(service->stop({"d1"}, Millis{500}, soon()));
  EXPECT_EQ(state(), State::kDead);
}

TEST_F(ServiceTest, ACrashIsStartedAgainAndAnEndIsNot) {
  ASSERT_TRUE(service->start(bundle("d1", "[ $(wc -l <~/started) -lt 3 ] && kill -9 $$\nexit 0\n"),
                             soon()));
  ASSERT_TRUE(wait_for([&] { return state() == State::kDone; }));
  EXPECT_EQ(starts(), 3U);
  const std::string said = *service->output({"d1"}, 10'000, soon());
  EXPECT_NE(said.find("ended with 137; next try in 1 s"), std::string::npos) << said;
  EXPECT_NE(said.find("next try in 2 s"), std::string::npos) << said;
}

TEST_F(ServiceTest, IsNotStartedAgainBesideANewerOneOrOnceTheClusterEnded) {
  ASSERT_TRUE(service->start(bundle("d1", "exit 8\n"), soon()));
  ASSERT_TRUE(wait_for([&] { return state() == State::kDone; }));
  EXPECT_EQ(starts(), 1U);
  ASSERT_TRUE(service->start(
      bundle("d2", "echo '{\"ended\": true}' >~/.rayctl/autoscaler/lease\nexit 1\n"), soon()));
  ASSERT_TRUE(wait_for([&] { return service->runs(soon())->at(1).op.state == State::kDone; }));
  EXPECT_EQ(starts(), 2U);
}

TEST_F(ServiceTest, ANewBundleStartsBesideTheOld) {
  const std::string program = "exec sleep 60\n";
  ASSERT_TRUE(service->start(bundle("d1", program), soon()));
  ASSERT_TRUE(service->start(bundle("d2", program), soon()));
  AutoscalerService other(*runner, clock, ClusterId{"c2"});
  EXPECT_TRUE(other.runs(soon())->empty());
  EXPECT_TRUE(other.stop_all(Millis{1'000}, soon()));
  auto runs = *service->runs(soon());
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].op.state, State::kRunning);
  EXPECT_EQ(runs[1].op.state, State::kRunning);
  ASSERT_TRUE(service->stop_others({"d2"}, Millis{5'000}, soon()));
  runs = *service->runs(soon());
  EXPECT_EQ(runs[0].op.state, State::kDone);
  EXPECT_EQ(runs[1].op.state, State::kRunning);
}

TEST_F(ServiceTest, WithoutSystemdAndCronNothingStartsItAtBoot) {
  script("bin/crontab", "exit 1\n");  // forbidden to this user, say
  ASSERT_EQ(*service->start_at_boot(bundle("d1", "exit 0\n"), soon()), AtBoot::kNothing);
  EXPECT_FALSE(fs::exists(home / ".rayctl/autoscaler/boot-c_1"));
}

/// What `crontab -l` and `crontab -` do, and a process that is called as the daemon is.
constexpr char kCrontab[] =
    "if [ \"$1\" = -l ]; then cat ~/crontab; exit; fi\ncat >~/crontab.new && mv ~/crontab.new "
    "~/crontab\n";

TEST_F(ServiceTest, CronStartsItAtBootByALineThatGoesAgain) {
  script("bin/crontab", kCrontab);
  std::ofstream(home / "crontab") << "5 4 * * * mine\n";
  fs::copy_file("/bin/sleep", home / "bin/cron");
  ASSERT_TRUE(start_op(*runner, {"daemon"}, {{"cron", "60"}, {}, ""}, soon()));
  const std::string folder = bundle("d1", "exec sleep 60\n");
  ASSERT_TRUE(wait_for([&] { return *service->start_at_boot(folder, soon()) == AtBoot::kCron; }));
  ASSERT_EQ(*service->start_at_boot(folder, soon()), AtBoot::kCron);  // not twice
  const std::vector<std::string> lines = split(trim(told("crontab")), '\n');
  ASSERT_EQ(lines.size(), 2U) << told("crontab");
  EXPECT_EQ(lines[0], "5 4 * * * mine");
  ASSERT_TRUE(lines[1].starts_with("@reboot sh ")) << lines[1];

  // What cron does after a reboot.
  const auto ran = runner->run({{"sh", "-c", lines[1].substr(8)}, {}, ""}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit_code, 0) << ran->err;
  ASSERT_TRUE(wait_for([&] { return starts() == 1; }));
  EXPECT_EQ(state(), State::kRunning);
  ASSERT_TRUE(service->stop_all(Millis{5'000}, soon()));
  EXPECT_EQ(state(), State::kDone);
  EXPECT_EQ(told("crontab"), "5 4 * * * mine\n");
  EXPECT_FALSE(fs::exists(home / ".rayctl/autoscaler/boot-c_1"));
  ASSERT_TRUE(stop_op(*runner, {"daemon"}, Millis{1'000}, clock, soon()));
}

TEST_F(ServiceTest, SystemdStartsItAtBootByAUnitThatGoesAgain) {
  script("bin/systemctl", "echo \"$*\" >>~/systemctl\n");
  script("bin/loginctl", "echo yes\n");
  fs::create_directories(home / "root/run/systemd/system");
  const std::string folder = bundle("d1", "exec sleep 60\n");
  const bool root = ::geteuid() == 0;
  ASSERT_EQ(*service->start_at_boot(folder, soon()),
            root ? AtBoot::kSystemd : AtBoot::kSystemdUser);
  const fs::path unit = home / (root ? "root/etc/systemd/system" : ".config/systemd/user") /
                        "rayctl-autoscaler-c_1.service";
  const Result<std::string> text = read_file(unit);
  ASSERT_TRUE(text);
  const std::string boot = (home / ".rayctl/autoscaler/boot-c_1").string();
  EXPECT_NE(text->find("ExecStart=/bin/sh \"" + boot + "\"\n"), std::string::npos) << *text;
  EXPECT_NE(told("systemctl").find("enable rayctl-autoscaler-c_1.service"), std::string::npos);
  const auto ran = runner->run({{"/bin/sh", boot}, {}, ""}, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->exit_code, 0) << ran->err;
  EXPECT_TRUE(wait_for([&] { return starts() == 1; }));
  ASSERT_TRUE(service->stop_all(Millis{5'000}, soon()));
  EXPECT_FALSE(fs::exists(unit));
  EXPECT_NE(told("systemctl").find("disable rayctl-autoscaler-c_1.service"), std::string::npos);
}

}  // namespace
}  // namespace rayctl
