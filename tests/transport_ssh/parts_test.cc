#include <fstream>
#include <sstream>

#include "base/text.h"
#include "tests/transport_ssh/lab.h"
#include "transport/ssh/auth.h"
#include "transport/ssh/dial.h"
#include "transport/ssh/output_end.h"
#include "transport/ssh/remote_shell.h"

namespace rayctl {
namespace {

TEST(OutputEndTest, FindsTheMarkHoweverItIsCut) {
  const std::string text = "noise MARK 4711\nsome MARMA output\nMA MARK 17\nafter";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    OutputEnd end("MARK");
    std::string passed;
    for (std::size_t at = 0; at < text.size(); at += piece)
      passed += end.add(text.substr(at, piece));
    EXPECT_EQ(passed, "some MARMA output\nMA ") << piece;
    ASSERT_TRUE(end.code()) << piece;
    EXPECT_EQ(*end.code(), 17) << piece;
    EXPECT_EQ(*end.pid(), 4711) << piece;
  }
}

TEST(OutputEndTest, HoldsNothingBackThatCannotBeTheMark) {
  OutputEnd end("MARK");
  EXPECT_EQ(end.add("noise\nMARK 4711\nline\n"), "line\n");
  EXPECT_EQ(end.add("x MA"), "x ");
  EXPECT_EQ(end.add("N"), "MAN");
  EXPECT_EQ(end.add("MAR"), "");
  EXPECT_EQ(end.rest(), "MAR");
  EXPECT_FALSE(end.code());
}

TEST(OutputEndTest, WithoutAFirstMarkAllIsShownInTheEnd) {
  OutputEnd end("MARK");
  EXPECT_EQ(end.add("this account is "), "");
  EXPECT_EQ(end.add("not available MA"), "");
  EXPECT_EQ(end.rest(), "this account is not available MA");
}

TEST(ProxyCommandTest, PutsQuotedValuesIn) {
  EXPECT_EQ(expand_proxy_command("nc %h %p -l %r 100%% %x %", "a b;c", 22, "u"),
            "nc 'a b;c' 22 -l u 100% %x %");
}

TEST(KeyTest, KnowsAnEncryptedOne) {
  const auto text = [](const std::string& file) {
    std::stringstream all;
    all << std::ifstream(file).rdbuf();
    return all.str();
  };
  for (const char* kind : {"-t ed25519", "-t rsa -m PEM", "-t rsa -m PKCS8", "-t ecdsa"}) {
    EXPECT_FALSE(key_is_encrypted(text(lab::make_key(kind)))) << kind;
    EXPECT_TRUE(key_is_encrypted(text(lab::make_key(kind, "12345678")))) << kind;
  }
}

TEST(FingerprintTest, ReadsAsOpenSshPrintsIt) {
  std::string digest(32, '\0');
  EXPECT_EQ(fingerprint_text(digest), "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  digest.assign(32, '\xff');
  EXPECT_EQ(fingerprint_text(digest), "SHA256://////////////////////////////////////////8");
}

TEST(RemoteRequestTest, NothingOfEnvironmentOrInputIsInTheLine) {
  Command command = sh("true");
  command.env = {{"TOKEN", "canary-1"}};
  command.input = "canary-2";
  for (const bool login : {false, true}) {
    const auto request = remote_request(command, login, "end");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->line.find("canary"), std::string::npos);
    EXPECT_NE(request->input.find("canary-1"), std::string::npos);
    EXPECT_TRUE(request->input.ends_with("canary-2"));
  }
}

TEST(RemoteRequestTest, RefusesWhatNoProgramCanBeGiven) {
  EXPECT_FALSE(remote_request({}, false, "end"));
  EXPECT_FALSE(remote_request({{std::string("a\0b", 3)}, {}, ""}, false, "end"));
  for (const char* name : {"", "A B", "1A", "A;touch hit", "A=B", "A-B"}) {
    EXPECT_FALSE(remote_request({{"true"}, {{name, "x"}}, ""}, false, "end")) << name;
  }
  EXPECT_FALSE(remote_request({{"true"}, {{"A", std::string("a\0b", 3)}}, ""}, false, "end"));
}

}  // namespace
}  // namespace rayctl
