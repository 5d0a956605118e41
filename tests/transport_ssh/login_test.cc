#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/text.h"
#include "tests/transport_ssh/lab.h"
#include "transport/ssh/auth.h"

namespace rayctl {
namespace {

struct KeyKind {
  std::string name, flags, passphrase;
};

void PrintTo(const KeyKind& kind, std::ostream* out) {
  *out << kind.name;
}

class Keys : public testing::TestWithParam<KeyKind> {};

TEST_P(Keys, OpenTheNode) {
  const KeyKind& kind = GetParam();
  const std::string key = lab::make_key(kind.flags, kind.passphrase);
  SshSettings settings = lab::settings("n1");
  settings.key_files = {key};
  int asked = 0;
  settings.passphrase = [&](const std::string& file) -> std::optional<std::string> {
    EXPECT_EQ(file, key);
    ++asked;
    return kind.passphrase;
  };
  lab::authorize("n1", key);
  Remote remote(settings);
  const auto ran = remote.runner.run({{"whoami"}, {}, ""}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "ubuntu\n");
  EXPECT_EQ(asked, kind.passphrase.empty() ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(
    OfEveryKind, Keys,
    testing::Values(KeyKind{"Ed25519", "-t ed25519", ""}, KeyKind{"Rsa", "-t rsa -b 2048", ""},
                    KeyKind{"RsaPem", "-t rsa -b 2048 -m PEM", ""},
                    KeyKind{"RsaPkcs8", "-t rsa -b 2048 -m PKCS8", ""},
                    KeyKind{"Ecdsa256", "-t ecdsa -b 256", ""},
                    KeyKind{"Ecdsa384Pem", "-t ecdsa -b 384 -m PEM", ""},
                    KeyKind{"Ecdsa521", "-t ecdsa -b 521", ""},
                    KeyKind{"Ed25519Encrypted", "-t ed25519", "open sesame"},
                    KeyKind{"RsaEncrypted", "-t rsa -b 2048", "open sesame"},
                    KeyKind{"RsaPemEncrypted", "-t rsa -b 2048 -m PEM", "open sesame"},
                    KeyKind{"RsaPkcs8Encrypted", "-t rsa -b 2048 -m PKCS8", "open sesame"},
                    KeyKind{"EcdsaEncrypted", "-t ecdsa -b 256", "open sesame"}),
    [](const auto& tested) { return tested.param.name; });

std::string why_not(const SshSettings& settings, Fault fault = Fault::kPermanent,
                    ErrorCode code = ErrorCode::kCredentials) {
  Remote remote(settings);
  const auto connected = remote.connection->connect(soon());
  if (connected) {
    ADD_FAILURE() << "was let in";
    return "";
  }
  EXPECT_EQ(connected.error().fault, fault) << connected.error().message;
  EXPECT_EQ(connected.error().code, code) << connected.error().message;
  return connected.error().message;
}

TEST(LoginTest, ARefusalNamesAllThatWasTried) {
  SshSettings settings = lab::settings("n1");
  const std::string stranger = lab::make_key("-t ed25519");
  const std::string locked = lab::make_key("-t rsa -b 2048", "secret");
  const std::string junk = (lab::folder() / "client" / "junk").string();
  std::ofstream(junk) << "no key\n";
  settings.key_files = {stranger, locked, junk, "/no/such/key"};
  settings.agent_socket = "/no/such/agent";
  const std::string message = why_not(settings);
  EXPECT_NE(message.find("ubuntu@10.77.0.11:22"), std::string::npos) << message;
  EXPECT_NE(message.find("key " + stranger + ": refused"), std::string::npos) << message;
  EXPECT_NE(message.find("key " + locked + ": is encrypted"), std::string::npos) << message;
  EXPECT_NE(message.find("key " + junk + ": not usable"), std::string::npos) << message;
  EXPECT_NE(message.find("key /no/such/key: cannot be read"), std::string::npos) << message;
  EXPECT_NE(message.find("agent: does not answer"), std::string::npos) << message;
}

TEST(LoginTest, AWrongPassphraseIsSaid) {
  for (const char* kind : {"-t ed25519", "-t rsa -b 2048 -m PEM"}) {
    SshSettings settings = lab::settings("n1");
    settings.key_files = {lab::make_key(kind, "right")};
    settings.passphrase = [](const std::string&) { return std::optional<std::string>("wrong"); };
    lab::authorize("n1", settings.key_files.front());
    const std::string message = why_not(settings);
    EXPECT_NE(message.find("wrong passphrase"), std::string::npos) << message;
    EXPECT_EQ(message.find("right"), std::string::npos);
  }
}

TEST(LoginTest, WithoutAnyKeyItSaysSo) {
  SshSettings settings = lab::settings("n1");
  settings.key_files.clear();
  EXPECT_NE(why_not(settings).find("no key file and no agent"), std::string::npos);
}

TEST(LoginTest, ALaterKeyOpensAndAnAgentDoesWithEachKind) {
  SshSettings settings = lab::settings("n1");
  settings.key_files.insert(settings.key_files.begin(), lab::make_key("-t ed25519"));
  EXPECT_TRUE(Remote(settings).connection->connect(soon()));

  const std::string socket = (lab::folder() / "client" / "agent").string();
  const std::string agent = trim(lab::shell("ssh-agent -a " + socket + " >/dev/null; echo $?"));
  ASSERT_EQ(agent, "0");
  settings.key_files.clear();
  settings.agent_socket = socket;
  EXPECT_NE(why_not(settings).find("agent: holds no keys"), std::string::npos);
  for (const char* kind : {"-t ed25519", "-t rsa -b 2048", "-t ecdsa -b 256"}) {
    const std::string key = lab::make_key(kind);
    lab::shell("SSH_AUTH_SOCK=" + socket + " ssh-add -q " + key);
    EXPECT_NE(why_not(settings).find("refused"), std::string::npos);
    lab::authorize("n1", key);
    const auto in = Remote(settings).connection->connect(soon());
    EXPECT_TRUE(in) << kind << ": " << in.error().message;
    lab::authorize("n1", lab::usual_key());
  }
}

TEST(LoginTest, AChangedHostKeyIsAnErrorThatNamesBoth) {
  const auto fingerprint = [] {
    return split(lab::shell("ssh-keygen -l -f " + (lab::folder() / "n2/hostkey").string()), ' ')[1];
  };
  Remote remote(lab::settings("n2"));
  ASSERT_TRUE(remote.connection->connect(soon()));
  const std::string before = fingerprint();
  ASSERT_TRUE(remote.keys->pinned("n2"));
  EXPECT_EQ(*remote.keys->pinned("n2"), (HostKey{"ssh-ed25519", before}));

  // More types beside it change nothing; the pinned one is asked for.
  const std::string other = lab::make_key("-t rsa -b 2048");
  lab::configure("n2", "HostKeyAlgorithms rsa-sha2-512,ssh-ed25519\nHostKey " + other);
  SshConnection again(remote.connection->settings(), remote.keys);
  EXPECT_TRUE(again.connect(soon()));

  lab::configure("n2", "");
  lab::shell("cd " + (lab::folder() / "n2").string() +
             " && rm hostkey hostkey.pub && ssh-keygen -q -t ed25519 -N '' -f hostkey");
  lab::configure("n2", "");
  SshConnection third(remote.connection->settings(), remote.keys);
  const auto refused = third.connect(soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kHostKeyChanged);
  EXPECT_EQ(refused.error().fault, Fault::kPermanent);
  EXPECT_NE(refused.error().message.find(before), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find(fingerprint()), std::string::npos);
}

TEST(LoginTest, NothingIsPinnedBeforeALogin) {
  SshSettings settings = lab::settings("n1");
  settings.key_files = {lab::make_key("-t ed25519")};
  Remote remote(settings);
  EXPECT_FALSE(remote.connection->connect(soon()));
  EXPECT_FALSE(remote.keys->pinned("n1"));
}

TEST(LoginTest, ANodeThatIsNotThereIsTransient) {
  SshSettings settings = lab::settings("n1");
  settings.port = 2222;
  EXPECT_NE(why_not(settings, Fault::kTransient, ErrorCode::kConnectionLost).find("refused"),
            std::string::npos);
  settings.host = "10.77.0.99";
  settings.connect_timeout = Millis{700};
  const Time before = SystemClock().now();
  why_not(settings, Fault::kTransient, ErrorCode::kConnectionLost);
  EXPECT_LT(SystemClock().now() - before, Millis{6000});
}

TEST(LoginTest, AServerThatSaysNothingIsGivenUp) {
  SshSettings settings = lab::settings("n1");
  settings.proxy_command = "sleep 60";
  settings.connect_timeout = Millis{500};
  const Time before = SystemClock().now();
  EXPECT_NE(why_not(settings, Fault::kTransient, ErrorCode::kConnectionLost).find("in time"),
            std::string::npos);
  EXPECT_LT(SystemClock().now() - before, Millis{3000});
}

TEST(LoginTest, AProxyCommandLeadsThereAndIsQuotedWhenItFails) {
  SshSettings settings = lab::settings("n1");
  const std::string script = (lab::folder() / "client" / "proxy.py").string();
  std::ofstream(script) << R"py(import os, socket, sys, threading
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536): s.sendall(data)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := s.recv(65536): os.write(1, data)
)py";
  settings.proxy_command = "python3 " + script + " %h %p";
  const Command big = sh("head -c 3000000 /dev/zero | wc -c");
  {
    Remote remote(settings);
    const auto ran = remote.runner.run(big, soon());
    ASSERT_TRUE(ran) << ran.error().message;
    EXPECT_EQ(trim(ran->out), "3000000");
    EXPECT_EQ(trim(lab::shell("pgrep -fc 'proxy[.]py'")), "1");
  }
  EXPECT_EQ(trim(lab::shell("pgrep -fc 'proxy[.]py' || true")), "0") << "it ends with us";
  settings.proxy_command = "echo the gate is shut >&2; exit 1";
  EXPECT_NE(why_not(settings, Fault::kTransient, ErrorCode::kConnectionLost).find("gate is shut"),
            std::string::npos);
}

TEST(LoginTest, AJumpReachesANodeThatWeCannot) {
  SshSettings hidden = lab::settings("p1");
  EXPECT_FALSE(Remote(hidden).connection->connect(soon(5)));
  Remote head(lab::settings("n1"));
  hidden.jump = head.connection;
  Remote remote(hidden);
  const auto ran = remote.runner.run({{"hostname"}, {}, ""}, soon());
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "p1\n");
  hidden.port = 2222;
  const auto refused = Remote(hidden).connection->connect(soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::kTransient);
  ASSERT_FALSE(refused.error().context.empty());
  EXPECT_NE(refused.error().context.back().find("through ubuntu@10.77.0.11:22"), std::string::npos);
}

}  // namespace
}  // namespace rayctl
