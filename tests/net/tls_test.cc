#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "net/http_client.h"
#include "tests/net/peer_server.h"

namespace rayctl {
namespace {

using ::testing::HasSubstr;

/// Answers with who the client is, what name it asked for and what host.
void say_who(Peer& peer) {
  while (const auto request = peer.read_request()) {
    if (!peer.answer(200, peer.client_name() + "," + peer.server_name() + "," +
                              request->headers.at("host"))) {
      return;
    }
  }
}

class TlsTest : public testing::Test {
 protected:
  Result<HttpResponse> ask(const PeerServer& server, HttpSettings settings) {
    HttpRequest request;
    request.url = server.url() + "/";
    return make_http_client(std::move(settings), clock_)
        ->send(request, clock_.now() + Millis{20'000});
  }
  static HttpSettings trusting(const std::string& ca) {
    HttpSettings settings;
    settings.tls.ca = ca;
    return settings;
  }
  static std::string host(const PeerServer& server) {
    return "127.0.0.1:" + std::to_string(server.port());
  }

  SystemClock clock_;
  TestIdentity ca_ = make_test_ca();
  TestIdentity loopback_ = make_test_identity(ca_, "loopback", "IP:127.0.0.1");
};

TEST_F(TlsTest, TrustsWhatItIsToldToAndNothingElse) {
  const PeerServer server(say_who, PeerServer::Tls{loopback_, ""});
  std::string file = (std::filesystem::temp_directory_path() / "certificate-XXXXXX").string();
  ::close(::mkstemp(file.data()));
  ASSERT_TRUE(write_file_atomic(file, ca_.certificate));
  HttpSettings chosen;
  chosen.ca_bundle = file;
  const auto answer = ask(server, chosen);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, ",," + host(server));
  HttpSettings by_variable;
  by_variable.env["SSL_CERT_FILE"] = file;
  EXPECT_TRUE(ask(server, by_variable).ok());
  const auto by_text = ask(server, trusting(ca_.certificate));
  EXPECT_TRUE(by_text.ok()) << by_text.error().message;

  HttpSettings other = trusting(make_test_ca("another").certificate);
  other.ca_bundle = file;
  for (const HttpSettings& settings : {HttpSettings{}, other}) {
    const auto refused = ask(server, settings);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().fault, Fault::kPermanent) << refused.error().message;
    EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
  }
  std::filesystem::remove(file);
}

TEST_F(TlsTest, TextThatIsNoCertificateIsToldSo) {
  const PeerServer server(say_who, PeerServer::Tls{loopback_, ""});
  const auto refused = ask(server, trusting("no certificate"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::kPermanent) << refused.error().message;
  EXPECT_THAT(refused.error().message, HasSubstr("not PEM"));
  HttpSettings settings = trusting(ca_.certificate);
  settings.tls.certificate = settings.tls.key = "no key";
  const auto unable = ask(server, settings);
  ASSERT_FALSE(unable.ok());
  EXPECT_EQ(unable.error().fault, Fault::kPermanent) << unable.error().message;
}

TEST_F(TlsTest, InsecureTakesAnyCertificate) {
  const PeerServer server(say_who,
                          PeerServer::Tls{make_test_identity(ca_, "x", "DNS:elsewhere"), ""});
  HttpSettings settings;
  settings.tls.insecure = true;
  const auto answer = ask(server, settings);
  EXPECT_TRUE(answer.ok()) << answer.error().message;
}

TEST_F(TlsTest, ShowsWhoItIs) {
  const PeerServer server(say_who, PeerServer::Tls{loopback_, ca_.certificate});
  const TestIdentity me = make_test_identity(ca_, "somebody", "");
  HttpSettings settings = trusting(ca_.certificate);
  settings.tls.certificate = me.certificate;
  settings.tls.key = me.key;
  const auto answer = ask(server, settings);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_THAT(answer->body, HasSubstr("somebody,"));
  EXPECT_FALSE(ask(server, trusting(ca_.certificate)).ok());
}

TEST_F(TlsTest, AServersNameTakesTheHostsPlaceInTlsAlone) {
  const PeerServer server(say_who,
                          PeerServer::Tls{make_test_identity(ca_, "x", "DNS:inner.example"), ""});
  HttpSettings settings = trusting(ca_.certificate);
  EXPECT_FALSE(ask(server, settings).ok());
  settings.tls.server_name = "inner.example";
  const auto answer = ask(server, settings);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, ",inner.example," + host(server));
}

TEST_F(TlsTest, AProxyOfItsOwnIsUsedWhateverTheVariablesSay) {
  const PeerServer target(say_who, PeerServer::Tls{loopback_, ""});
  std::string asked;
  const PeerServer proxy([&asked](Peer& peer) {
    if (const auto request = peer.read_request()) asked = request->method + " " + request->target;
    peer.answer(403, "");
  });
  HttpSettings settings = trusting(ca_.certificate);
  settings.env["no_proxy"] = "*";
  settings.proxy = proxy.url();
  const auto refused = ask(target, settings);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(asked, "CONNECT " + host(target));
}

}  // namespace
}  // namespace rayctl
