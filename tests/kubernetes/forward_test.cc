#include "providers/kubernetes/pod_forward.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "providers/kubernetes/channels.h"
#include "tests/kubernetes/api_world.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::HasSubstr;

class ForwardTest : public ApiWorld {
 protected:
  /// A connection to a port of this machine, with a limit on every read.
  static int connect_to(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const timeval limit{20, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return socket;
  }
  /// Up to `size` bytes, or the end.
  static std::string read_from(int socket, std::size_t size) {
    std::string all;
    while (all.size() < size) {
      std::string piece(65536, '\0');
      const ssize_t got = ::recv(socket, piece.data(), piece.size(), 0);
      if (got <= 0) break;
      all.append(piece, 0, static_cast<std::size_t>(got));
    }
    return all;
  }
  std::unique_ptr<PodForward> forward(Api& client) {
    auto made = PodForward::open(client, {"demo", "p", ""}, 8265, clock_);
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
};

/// Opens the two channels of port 8265, then goes on.
PeerServer::Serve forwarding(std::function<void(Peer&)> then) {
  return [then = std::move(then)](Peer& peer) {
    const auto request = peer.read_request();
    if (!request || request->target != "/api/v1/namespaces/demo/pods/p/portforward?ports=8265")
      return;
    peer.upgrade(*request, kForwardProtocol);
    peer.write_frame(2, std::string("\0\x49\x20", 3));
    peer.write_frame(2, std::string("\1\x49\x20", 3));
    then(peer);
  };
}

void echo(Peer& peer) {
  while (const auto frame = peer.read_frame()) {
    if (frame->kind == 2 && !peer.write_frame(2, frame->bytes)) return;
    if (frame->kind == 8) return;
  }
}

TEST_F(ForwardTest, EveryConnectionIsCarriedBothWays) {
  const PeerServer server(forwarding(echo));
  const auto client = api(server);
  const auto port = forward(*client);
  std::vector<std::thread> threads;
  for (int number = 0; number < 3; ++number) {
    threads.emplace_back([&, number] {
      const int socket = connect_to(port->local_port());
      std::string sent(5'000'000, static_cast<char>('a' + number));
      std::thread writer([&] {
        for (std::size_t done = 0; done < sent.size();) {
          const ssize_t part = ::send(socket, sent.data() + done, sent.size() - done, MSG_NOSIGNAL);
          if (part <= 0) return;
          done += static_cast<std::size_t>(part);
        }
      });
      EXPECT_TRUE(read_from(socket, sent.size()) == sent) << number;
      writer.join();
      ::close(socket);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(server.connections(), 3);
  EXPECT_EQ(port->trouble(), "");
}

TEST_F(ForwardTest, TheAnswerComesAfterOurEnd) {
  const PeerServer server(forwarding([this](Peer& peer) {
    (void)peer.read_frame();
    clock_.sleep(Millis{300}, {});
    peer.write_frame(2, std::string("\0answer", 7));
    peer.write_frame(8, std::string("\x03\xe8", 2));
  }));
  const auto client = api(server);
  const auto port = forward(*client);
  const int socket = connect_to(port->local_port());
  ASSERT_EQ(::send(socket, "ask", 3, MSG_NOSIGNAL), 3);
  ::shutdown(socket, SHUT_WR);
  EXPECT_EQ(read_from(socket, 100), "answer");
  ::close(socket);
}

TEST_F(ForwardTest, TroubleClosesTheConnectionAndIsTold) {
  const PeerServer server(forwarding([](Peer& peer) {
    peer.write_frame(2, std::string("\1", 1) + "connect: connection refused\n");
    (void)peer.read_frame();
  }));
  const auto client = api(server);
  const auto port = forward(*client);
  const int socket = connect_to(port->local_port());
  EXPECT_EQ(read_from(socket, 1), "");
  ::close(socket);
  for (int look = 0; look < 100 && port->trouble().empty(); ++look)
    clock_.sleep(Millis{20}, {});
  EXPECT_EQ(port->trouble(), "connect: connection refused");
}

TEST_F(ForwardTest, ARefusalClosesTheConnectionAndIsTold) {
  const PeerServer server([](Peer& peer) {
    while (peer.read_request())
      peer.answer(404, status(404, "NotFound", "pods \"p\" not found"));
  });
  const auto client = api(server);
  const auto port = forward(*client);
  const int socket = connect_to(port->local_port());
  EXPECT_EQ(read_from(socket, 1), "");
  ::close(socket);
  for (int look = 0; look < 100 && port->trouble().empty(); ++look)
    clock_.sleep(Millis{20}, {});
  EXPECT_THAT(port->trouble(), HasSubstr("pods \"p\" not found"));
}

TEST_F(ForwardTest, EndsWithConnectionsThatAreOpen) {
  const PeerServer server(forwarding(echo));
  const auto client = api(server);
  auto port = forward(*client);
  const int socket = connect_to(port->local_port());
  ASSERT_EQ(::send(socket, "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_EQ(read_from(socket, 1), "x");
  const Time before = clock_.now();
  port.reset();
  EXPECT_LT(clock_.now() - before, Millis{5'000});
  EXPECT_EQ(read_from(socket, 1), "");
  ::close(socket);
}

}  // namespace
}  // namespace rayctl::kubernetes
