#include "providers/kubernetes/pod_exec.h"

#include "providers/kubernetes/channels.h"
#include "tests/kubernetes/api_world.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kSuccess[] = R"({"metadata":{},"status":"Success"})";

std::string failed_with(int code) {
  return Json({{"metadata", Json::object()},
               {"status", "Failure"},
               {"reason", "NonZeroExitCode"},
               {"details",
                {{"causes", {{{"reason", "ExitCode"}, {"message", std::to_string(code)}}}}}}})
      .dump();
}

class ExecTest : public ApiWorld {
 protected:
  Result<CommandOutput> run(const PeerServer& server, const Command& command,
                            int milliseconds = 20'000) {
    const auto client = api(server);
    out_.clear();
    err_.clear();
    return pod_exec(*client, {"demo", "p", "ray"}, clock_)(
        command, soon(milliseconds),
        [this](std::string_view piece, bool is_stderr) { (is_stderr ? err_ : out_) += piece; },
        enough_);
  }
  std::string out_, err_;
  std::function<bool()> enough_;
};

/// Opens the WebSocket, then goes on.
PeerServer::Serve opened(std::function<void(Peer&)> then) {
  return [then = std::move(then)](Peer& peer) {
    const auto request = peer.read_request();
    if (request && peer.upgrade(*request, kExecProtocol)) then(peer);
  };
}

/// All of a standard input, up to its end.
std::string read_input(Peer& peer) {
  std::string input;
  while (const auto frame = peer.read_frame()) {
    if (frame->kind == 9) peer.write_frame(10, frame->bytes);
    if (frame->kind != 2) continue;
    if (frame->bytes == end_of_input()) break;
    if (frame->bytes.starts_with('\0')) input += frame->bytes.substr(1);
  }
  return input;
}

TEST_F(ExecTest, CarriesInputOutputsAndExitCode) {
  std::string target, protocol;
  const PeerServer server([&](Peer& peer) {
    const auto request = peer.read_request();
    if (!request) return;
    target = request->target;
    protocol = request->headers.at("sec-websocket-protocol");
    peer.upgrade(*request, kExecProtocol);
    peer.write_frame(2, std::string("\1", 1));
    peer.write_frame(2, std::string("\1out1", 5));
    peer.write_frame(2, on_channel(Channel::kErr, "err"));
    peer.write_frame(2, on_channel(Channel::kOut, read_input(peer)));
    peer.write_frame(2, on_channel(Channel::kStatus, failed_with(7)));
    (void)peer.read_frame();
  });
  const auto ran = run(server, {{"cat", "a b"}, {}, "some input"});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(out_, "out1some input");
  EXPECT_EQ(err_, "err");
  EXPECT_EQ(protocol, kExecProtocol);
  EXPECT_EQ(target,
            "/api/v1/namespaces/demo/pods/p/exec?command=cat&command=a%20b&container=ray&"
            "stdin=true&stdout=true&stderr=true");
}

class Zeros final : public ByteSource {
 public:
  std::size_t read(char* buffer, std::size_t size) override {
    const std::size_t part = std::min<std::size_t>(size, (64U << 20) - given);
    std::fill_n(buffer, part, '\0');
    given += part;
    return part;
  }
  std::size_t given = 0;
};

TEST_F(ExecTest, AnInputOfAnySizeAndOutputAtTheSameTime) {
  std::size_t heard = 0;
  const PeerServer server(opened([&](Peer& peer) {
    for (std::size_t at = 0;; ++at) {
      const auto frame = peer.read_frame();
      if (!frame || frame->bytes == end_of_input()) break;
      if (frame->kind == 9) peer.write_frame(10, frame->bytes);
      if (frame->kind != 2) continue;
      heard += frame->bytes.size() - 1;
      peer.write_frame(2, on_channel(Channel::kOut, frame->bytes.substr(1)));
    }
    peer.write_frame(2, on_channel(Channel::kStatus, kSuccess));
    (void)peer.read_frame();
  }));
  const auto ran = run(server, {{"cat"}, {}, "x", std::make_shared<Zeros>()}, 120'000);
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(heard, (64U << 20) + 1);
  EXPECT_EQ(out_.size(), (64U << 20) + 1);
}

TEST_F(ExecTest, AnInputThatIsNotTakenIsNotReadEither) {
  const PeerServer server(opened([this](Peer& peer) {
    clock_.sleep(Millis{300}, {});
    peer.write_frame(2, on_channel(Channel::kStatus, kSuccess));
    while (peer.read_frame()) {
    }
  }));
  const auto stream = std::make_shared<Zeros>();
  const auto ran = run(server, {{"true"}, {}, "", stream});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_LE(stream->given, 3U << 20);
}

TEST_F(ExecTest, IsLeftWhenTheOutputIsEnough) {
  const PeerServer server(opened([](Peer& peer) {
    peer.write_frame(2, on_channel(Channel::kOut, "one"));
    peer.write_frame(2, on_channel(Channel::kErr, "two"));
    (void)peer.read_frame();
    while (peer.read_frame()) {
    }
  }));
  enough_ = [this] { return !err_.empty(); };
  const auto ran = run(server, {{"sleep", "60"}, {}, ""});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(out_ + err_, "onetwo");
}

TEST_F(ExecTest, ADeadlineAndACutAreUnknown) {
  const PeerServer silent(opened([](Peer& peer) {
    while (peer.read_frame()) {
    }
  }));
  const Time before = clock_.now();
  auto ran = run(silent, {{"sleep", "60"}, {}, ""}, 300);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kUnknown);
  EXPECT_LT(clock_.now() - before, Millis{5'000});
  const PeerServer cut(opened([](Peer& peer) { (void)peer.read_frame(); }));
  ran = run(cut, {{"sleep", "60"}, {}, ""});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kUnknown);
  EXPECT_EQ(ran.error().code, ErrorCode::kConnectionLost);
}

TEST_F(ExecTest, APodThatIsNotThereIsTransient) {
  const PeerServer server([](Peer& peer) {
    while (peer.read_request())
      peer.answer(404, status(404, "NotFound", "pods \"p\" not found"));
  });
  const auto ran = run(server, {{"true"}, {}, ""});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().fault, Fault::kTransient);
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed);
  EXPECT_THAT(ran.error().message, HasSubstr("pods \"p\" not found"));
}

TEST_F(ExecTest, ALackingRightIsTold) {
  const PeerServer server([](Peer& peer) {
    while (peer.read_request())
      peer.answer(403, status(403, "Forbidden", "User \"a\" cannot get resource \"pods/exec\""));
  });
  const auto ran = run(server, {{"true"}, {}, ""});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(ran.error().message, AllOf(HasSubstr("pods/exec `p`"), HasSubstr("User \"a\"")));
}

// A server of before 1.30 refuses a protocol that it does not know, without words.
TEST_F(ExecTest, AnOldServerIsNotSupported) {
  int upgrades = 0;
  const PeerServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (request->target == "/version") {
        peer.answer(200, R"({"major":"1","minor":"29+","gitVersion":"v1.29.3"})");
      } else if (request->headers.contains("upgrade")) {
        ++upgrades;
        peer.answer(403, "");
      } else {
        peer.answer(400, status(400, "BadRequest", "Upgrade request required"));
      }
    }
  });
  const auto ran = run(server, {{"true"}, {}, ""});
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kNotSupported);
  EXPECT_THAT(ran.error().message, AllOf(HasSubstr("1.30"), HasSubstr("v1.29.3")));
  EXPECT_EQ(upgrades, 1);
}

}  // namespace
}  // namespace rayctl::kubernetes
