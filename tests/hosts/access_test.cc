#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "cli/access/ssh_access.h"
#include "tests/hosts/private_network.h"
#include "tests/support/tree/source_dir.h"
#include "transport/detached_op.h"

namespace rayctl {
namespace {

constexpr char kHead[] = "10.77.0.11", kWorker[] = "10.77.0.12", kOther[] = "10.77.0.13";

CloudNode node_at(const std::string& address) {
  return {.id = {address}, .power = Power::kRunning, .internal_ip = address};
}

class HostAccess : public testing::Test {
 public:
  void SetUp() override { clear_hosts(); }
  NodeAccess& access() { return *network.parts().access; }
  static std::string lab_script(const std::string& words) {
    return lab::shell(source_dir() + "/fixtures/hostlab/hostlab.sh " + words);
  }
  /// Runs the system's ssh as `terminal` says; its output and, at the end, its exit code.
  std::string ssh(const std::string& address, const Terminal& wanted) {
    const auto argv = access().terminal(node_at(address), wanted);
    EXPECT_TRUE(argv) << argv.error().message;
    if (!argv) return "";
    std::string line;
    for (const std::string& word : *argv)
      line += shell_quote(word) + " ";
    return lab::shell(line + "</dev/null 2>&1; echo \"=$?\"");
  }
  /// A host key of the node's own that is not the pinned one, until the object ends.
  struct OtherHostKey {
    explicit OtherHostKey(std::string of) : node(std::move(of)) {
      const std::string key = (lab::folder() / node / "hostkey").string();
      lab::shell("cp " + key + " " + key + ".kept && rm " + key +
                 " && ssh-keygen -q -t ed25519 -N '' -f " + key);
      lab::configure(node, "");
    }
    ~OtherHostKey() {
      const std::string key = (lab::folder() / node / "hostkey").string();
      lab::shell("mv " + key + ".kept " + key);
      lab::configure(node, "");
    }
    OtherHostKey(const OtherHostKey&) = delete;
    OtherHostKey& operator=(const OtherHostKey&) = delete;
    std::string node;
  };

  PrivateNetwork network;
};

TEST_F(HostAccess, CommandsRunInTheLoginShellOrInAPlainOne) {
  std::ofstream(lab::folder() / "n1/home/ubuntu/.bashrc") << "export FROM_BASHRC=yes\n";
  EXPECT_EQ(network.output(kHead, "echo \"$FROM_BASHRC $OMP_NUM_THREADS\""), "yes 1\n");
  network.again();
  network.config.rayctl.ssh.login_shell = false;
  EXPECT_EQ(network.output(kHead, "echo \"[$OMP_NUM_THREADS]\""), "[]\n");
  std::filesystem::remove(lab::folder() / "n1/home/ubuntu/.bashrc");
}

TEST_F(HostAccess, HostsMayHaveAUserAKeyAndAPortOfTheirOwn) {
  const std::string key = lab::make_key("-t ecdsa");
  lab::configure("n2", "Port 2222");
  lab::authorize("n2", key);
  network.config.rayctl.hosts[kWorker] = {.user = "plain", .private_key = key, .port = 2222};
  EXPECT_EQ(network.output(kWorker, "id -un; echo \"$SSH_CONNECTION\" | cut -d' ' -f4"),
            "plain\n2222\n");
  EXPECT_EQ(network.output(kHead, "id -un"), "ubuntu\n");
  EXPECT_EQ(ssh(kWorker, {.line = "id -un", .tty = false}), "plain\n=0\n");
  lab::configure("n2", "");
}

TEST_F(HostAccess, TheFirstHostKeyIsPinnedInTheState) {
  network.output(kHead, "true");
  const std::string file = (lab::folder() / "n1/hostkey.pub").string();
  const std::string fingerprint = split(lab::shell("ssh-keygen -lf " + file), ' ').at(1);
  EXPECT_EQ(network.memory->snapshot.pins,
            (Pins{{"host-key", {{kHead, "ssh-ed25519 " + fingerprint}}}}));
}

TEST_F(HostAccess, AChangedHostKeyIsAnErrorThatNamesBoth) {
  network.output(kWorker, "true");
  const std::string before = network.memory->snapshot.pins["host-key"][kWorker];
  {
    const OtherHostKey changed("n2");
    network.again();
    const std::string file = (lab::folder() / "n2/hostkey.pub").string();
    const std::string now = split(lab::shell("ssh-keygen -lf " + file), ' ').at(1);
    const auto ran = (*access().runner(node_at(kWorker)))->run(sh("true"), soon());
    ASSERT_FALSE(ran);
    EXPECT_EQ(ran.error().code, ErrorCode::kHostKeyChanged);
    EXPECT_EQ(ran.error().fault, Fault::kPermanent);
    for (const std::string& part : {before, now, std::string("rayctl state unpin ") + kWorker}) {
      EXPECT_NE(ran.error().message.find(part), std::string::npos) << ran.error().message;
    }
    EXPECT_NE(network.machine(kWorker).unseen.find(now), std::string::npos);
    EXPECT_FALSE(access().terminal(node_at(kWorker), {}));
  }
  network.again();
  EXPECT_EQ(network.output(kWorker, "echo in"), "in\n") << "the old key is still the pinned one";
}

TEST_F(HostAccess, TheTerminalIsTheSystemsSshHeldToThePinnedKey) {
  EXPECT_EQ(ssh(kWorker, {.line = "echo $((6*7)); exit 3", .tty = false}), "42\n=3\n");
  EXPECT_EQ(ssh(kWorker, {.line = "tty >/dev/null && echo a terminal", .tty = true}),
            "a terminal\r\n=0\n");
  const auto argv = access().terminal(node_at(kWorker), {.line = "echo in", .tty = false});
  ASSERT_TRUE(argv);
  const OtherHostKey changed("n2");
  std::string line;
  for (const std::string& word : *argv)
    line += shell_quote(word) + " ";
  const std::string said = lab::shell(line + "</dev/null 2>&1; echo \"=$?\"");
  EXPECT_NE(said.find("Host key verification failed"), std::string::npos) << said;
  EXPECT_NE(said.find("=255"), std::string::npos) << said;
}

TEST_F(HostAccess, WorkersWithPrivateAddressesAreReachedThroughTheHead) {
  network.config.provider_settings["worker_ips"] = {lab::address("p1")};
  network.config.rayctl.ssh.jump_through_head = true;
  EXPECT_EQ(network.output(lab::address("p1"), "hostname"), "p1\n");
  EXPECT_EQ(ssh(lab::address("p1"), {.line = "hostname", .tty = false}), "p1\n=0\n");
  const auto made = network.create(false, 1, "t");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->at(0).id.text, lab::address("p1"));
  ASSERT_TRUE(network.parts().provider->terminate(made->at(0).id, soon()));
  network.again();
  network.config.rayctl.ssh.jump_through_head = false;
  EXPECT_NE(network.machine(lab::address("p1")).unseen, "");
}

TEST_F(HostAccess, TheHeadMayHaveAnotherAddressFromOutside) {
  network.config.provider_settings["head_ip"] = "10.99.0.1";
  network.config.provider_settings["external_head_ip"] = kHead;
  EXPECT_EQ(network.output("10.99.0.1", "hostname"), "n1\n");
  EXPECT_EQ(*access().gcs_on_nodes(node_at("10.99.0.1")), "10.99.0.1:6379");
}

TEST_F(HostAccess, PortsOfANodeAreForwarded) {
  network.config.head_start_ray_commands = {"ray stop", "ray start --head --port 7777"};
  const auto python = lab::shell("command -v python3");
  network.output(kHead,
                 "mkdir -p www && echo a page >www/index.html && cd www && "
                 "(setsid python3 -m http.server 7777 --bind 127.0.0.1 >/dev/null 2>&1 & echo $! "
                 ">../www.pid); sleep 0.5");
  const Result<std::string> gcs = access().gcs_endpoint(node_at(kHead));
  ASSERT_TRUE(gcs) << gcs.error().message;
  EXPECT_EQ(lab::shell("curl -s http://" + *gcs + "/"), "a page\n");
  EXPECT_EQ(*access().gcs_endpoint(node_at(kHead)), *gcs) << "one forward serves all";
  const auto forward = access().forward(node_at(kHead), 7777, 0);
  ASSERT_TRUE(forward);
  const std::string url = "http://127.0.0.1:" + std::to_string((*forward)->local_port()) + "/";
  EXPECT_EQ(lab::shell("curl -s " + url), "a page\n");
  const auto taken = access().forward(node_at(kHead), 7777, (*forward)->local_port());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().fault, Fault::kPermanent);
  network.output(kHead, "kill $(cat www.pid); rm -rf www www.pid");
}

TEST_F(HostAccess, StartCommandsRunOneByOneUntilOneFails) {
  NodeSpec spec;
  spec.start.commands = {"cd /; export X=1", "pwd; echo \"[$X]\"; echo 'it''s'", "exit 7",
                         "echo never"};
  const auto command = access().start_command(node_at(kHead), spec, nullptr);
  ASSERT_TRUE(command);
  const auto ran = (*access().runner(node_at(kHead)))->run(*command, soon());
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->out, "/home/ubuntu\n[]\nits\n");
  EXPECT_EQ(ran->exit_code, 7);
}

TEST_F(HostAccess, AHostThatIsDownIsSeenAsThat) {
  ASSERT_TRUE(network.create(false, 2, "t"));
  lab_script("sshd n3 stop");
  network.again();
  const Time before = SystemClock().now();
  const CloudNode silent = network.machine(kOther);
  EXPECT_LT(SystemClock().now() - before, Millis{2'500});
  EXPECT_NE(silent.unseen.find("Connection refused"), std::string::npos) << silent.unseen;
  EXPECT_EQ(network.machine(kWorker).unseen, "");
  lab_script("sshd n3 start");
  EXPECT_EQ(network.machine(kOther).unseen, "");
  EXPECT_EQ(network.machine(kOther).token, OpToken{"t"});
}

TEST_F(HostAccess, GivingAHostBackEndsWhatWasStartedThere) {
  const auto made = network.create(false, 1, "t");
  ASSERT_TRUE(made) << made.error().message;
  const CloudNode node = made->at(0);
  const std::string home = (lab::folder() / "n2/home/ubuntu").string();
  // A `ray` of the user's own PATH, and an operation that goes on.
  std::ofstream(home + "/.bashrc") << "PATH=$HOME/bin:$PATH\n";
  std::filesystem::create_directories(home + "/bin");
  std::ofstream(home + "/bin/ray") << "#!/bin/sh\necho \"$@\" >>~/ray-was-called\n";
  lab::shell("chmod +x " + home + "/bin/ray");
  const auto runner = access().runner(node);
  ASSERT_TRUE(runner);
  ASSERT_TRUE((*runner)->put("op", "~/.rayctl/ray_op", 0600, soon()));
  ASSERT_TRUE(start_op(**runner, {"op"}, sh("exec sleep 3141"), soon()));
  ASSERT_TRUE(network.parts().provider->terminate(node.id, soon(60)));
  EXPECT_EQ(*read_file(home + "/ray-was-called"), "stop\n");
  EXPECT_FALSE(std::filesystem::exists(home + "/.rayctl"));
  EXPECT_EQ(network.output(kWorker, "pgrep -f 'sleep 314[1]' || echo none"), "none\n");
  lab::shell("rm -rf " + home + "/bin " + home + "/.bashrc " + home + "/ray-was-called");
}

TEST_F(HostAccess, AllHostsAreAskedAtOnceOverConnectionsThatLast) {
  ASSERT_TRUE(network.create(true, 1, "h"));
  ASSERT_TRUE(network.create(false, 2, "w"));
  ASSERT_EQ(network.list()->size(), 3U);
  const Time before = SystemClock().now();
  constexpr int kTimes = 10;
  for (int i = 0; i < kTimes; ++i)
    ASSERT_TRUE(network.list());
  const Millis each = (SystemClock().now() - before) / kTimes;
  std::cout << "3 hosts listed in " << each.count() << " ms\n";
  EXPECT_LT(each, Millis{250});
  EXPECT_EQ(network.output(kHead, "pgrep -c -f 'sshd: ubuntu@nott[y]'"), "1\n");
}

TEST(PortInCommands, IsFoundInEitherForm) {
  EXPECT_EQ(number_in_commands({"ray start --head --port=7000"}, "--port", 6379), 7000);
  EXPECT_EQ(number_in_commands({"ray stop", "ray start --head --port 7001;"}, "--port", 6379),
            7001);
  EXPECT_EQ(number_in_commands({"ray start --object-manager-port=8076"}, "--port", 6379), 6379);
  EXPECT_EQ(number_in_commands({"ray start --dashboard-port=\"80\" --port=$P"}, "--port", 6379),
            6379);
  EXPECT_EQ(number_in_commands({"ray start --dashboard-port='81'"}, "--dashboard-port", 8265), 81);
}

}  // namespace
}  // namespace rayctl
