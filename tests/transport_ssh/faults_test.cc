#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "tests/support/tree/source_dir.h"
#include "tests/transport_ssh/lab.h"
#include "transport/detached_op.h"
#include "transport/ssh/ssh_forward.h"

namespace rayctl {
namespace {

const std::string kLab = source_dir() + "/fixtures/hostlab/hostlab.sh ";

TEST(FaultTest, ADroppedConnectionIsUnknownAndTheNextCommandConnectsAgain) {
  Remote remote(lab::settings("n2"));
  std::thread cutter([] {
    SystemClock().sleep(Millis{600}, {});
    lab::shell(kLab + "sshd n2 drop");
  });
  const Time before = SystemClock().now();
  const auto cut = remote.runner.run(sh("echo begun; sleep 30"), soon());
  cutter.join();
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().fault, Fault::kUnknown);
  EXPECT_EQ(cut.error().code, ErrorCode::kConnectionLost);
  EXPECT_NE(cut.error().message.find("ubuntu@10.77.0.12:22"), std::string::npos);
  EXPECT_LT(SystemClock().now() - before, Millis{6000});
  EXPECT_EQ(remote.runner.run(sh("echo again"), soon())->out, "again\n");
}

TEST(FaultTest, AConnectionThatDiedWhileIdleIsMadeAgainUnnoticed) {
  Remote remote(lab::settings("n2"));
  ASSERT_TRUE(remote.runner.run(sh("true"), soon()));
  lab::shell(kLab + "sshd n2 drop");
  const auto ran = remote.runner.run(sh("echo again"), soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "again\n");
}

TEST(FaultTest, ANodeThatRefusesIsTransientUntilItReturns) {
  Remote remote(lab::settings("n2"));
  lab::shell(kLab + "sshd n2 stop");
  lab::shell(kLab + "sshd n2 drop || true");
  const auto refused = remote.runner.run(sh("true"), soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kTransient);
  lab::shell(kLab + "sshd n2 start");
  EXPECT_TRUE(remote.runner.run(sh("true"), soon()));
}

TEST(FaultTest, SilenceIsNoticedByTheKeepAlive) {
  SshSettings settings = lab::settings("n2");
  settings.keepalive = Millis{2000};
  settings.keepalive_misses = 1;
  Remote remote(settings);
  ASSERT_TRUE(remote.connection->connect(soon()));
  // Asked and answered: a quiet command outlives many intervals.
  EXPECT_TRUE(remote.runner.run(sh("sleep 7"), soon()));
  std::thread cutter([] {
    SystemClock().sleep(Millis{300}, {});
    lab::shell("ip link set v-n2-eth0 down");
  });
  const Time before = SystemClock().now();
  const auto lost = remote.runner.run(sh("sleep 60"), soon(60));
  cutter.join();
  lab::shell("ip link set v-n2-eth0 up");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, Fault::kUnknown);
  EXPECT_NE(lost.error().message.find("silent for"), std::string::npos) << lost.error().message;
  EXPECT_LT(SystemClock().now() - before, Millis{12'000});
  EXPECT_TRUE(remote.runner.run(sh("true"), soon()));
}

TEST(FaultTest, AnUploadThatIsCutLeavesTheOldFile) {
  Remote remote(lab::settings("n2"));
  ASSERT_TRUE(remote.runner.put("old", "~/cut/file", 0600, soon()));
  const auto here = lab::folder() / "client/large";
  lab::shell("head -c 400000000 /dev/zero >" + here.string());
  std::thread cutter([] {
    lab::shell("while ! ls " + (lab::folder() / "n2/home/ubuntu/cut").string() +
               "/.rayctl-* >/dev/null 2>&1; do sleep 0.01; done");
    lab::shell(kLab + "sshd n2 drop");
  });
  const auto sent = remote.runner.upload(here, "~/cut/file", 0600, soon(60));
  cutter.join();
  std::filesystem::remove(here);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().fault, Fault::kUnknown);
  SystemClock().sleep(Millis{300}, {});
  EXPECT_EQ(remote.runner.run(sh("cat cut/file; ls -A cut"), soon())->out, "oldfile\n");
}

TEST(FaultTest, ADetachedOperationOutlivesTheConnection) {
  Remote remote(lab::settings("n2"));
  SystemClock clock;
  const OpToken token{"outlives"};
  const Command command = sh("echo run >>count; sleep 1; echo done");
  ASSERT_TRUE(start_op(remote.runner, token, command, soon()));
  lab::shell(kLab + "sshd n2 drop");
  Remote other(lab::settings("n2"));
  ASSERT_EQ(start_op(other.runner, token, command, soon())->state, OpStatus::State::kRunning);
  const auto ended = wait_op(other.runner, token, clock, soon(), {});
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, OpStatus::State::kDone);
  EXPECT_EQ(ended->exit_code, 0);
  EXPECT_EQ(other.runner.run(sh("cat count"), soon())->out, "run\n");
}

// What a plain GET of "/" on a local port gives.
std::string fetch(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  std::string got;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    std::array<char, 65536> buffer;
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;)
      got.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  return got;
}

class ForwardTest : public testing::Test {
 protected:
  // A web server that only its own machine can reach, with a page and something large.
  void serve(Remote& remote) {
    ASSERT_TRUE(remote.runner.put("a page", "~/www/page", 0644, soon()));
    ASSERT_TRUE(remote.runner.run(sh("head -c 20000000 /dev/zero >www/large"), soon()));
    const Command server{
        {"python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", "www", "8265"},
        {},
        ""};
    ASSERT_TRUE(start_op(remote.runner, {"server"}, server, soon()));
    const auto ready = remote.runner.run(
        sh("until grep -q ':2049 .* 0A ' /proc/net/tcp; do sleep 0.05; done"), soon());
    ASSERT_TRUE(ready) << ready.error().message;
  }
};

TEST_F(ForwardTest, FetchesAPageAlsoAfterADropAndManyAtOnce) {
  Remote remote(lab::settings("n2"));
  ASSERT_NO_FATAL_FAILURE(serve(remote));
  auto forward = remote.connection->open_forward("127.0.0.1", 8265);
  ASSERT_TRUE(forward) << forward.error().message;
  const int port = (*forward)->local_port();
  EXPECT_TRUE(fetch(port, "/page").ends_with("\r\n\r\na page"));
  EXPECT_GT(fetch(port, "/large").size(), 20'000'000U);

  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] { good += fetch(port, "/page").ends_with("a page") ? 1 : 0; });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, 20);

  const auto taken = remote.connection->open_forward("127.0.0.1", 8265, port);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().fault, Fault::kPermanent);
  EXPECT_NE(taken.error().message.find("in use"), std::string::npos) << taken.error().message;

  lab::shell(kLab + "sshd n2 drop");
  EXPECT_TRUE(fetch(port, "/page").ends_with("a page"));
  (*forward).reset();
  EXPECT_EQ(fetch(port, "/page"), "");
  SystemClock clock;
  EXPECT_TRUE(stop_op(remote.runner, {"server"}, Millis{500}, clock, soon()));
}

TEST_F(ForwardTest, AnAddressThatRefusesClosesTheLocalConnection) {
  Remote remote(lab::settings("n2"));
  auto forward = remote.connection->open_forward("127.0.0.1", 9);
  ASSERT_TRUE(forward);
  EXPECT_EQ(fetch((*forward)->local_port(), "/"), "");
  const auto stream = remote.connection->open_stream("127.0.0.1", 9, soon());
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().fault, Fault::kTransient);
}

}  // namespace
}  // namespace rayctl
