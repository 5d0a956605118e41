#include "net/ssh_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/files.h"
#include "base/text.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class SshKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "rayctl-key-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  /// What a shell line prints; "" if it fails.
  static std::string output(const std::string& line) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), ::pclose);
    std::array<char, 4096> chunk{};
    std::string text;
    while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), pipe.get()))
      text.append(chunk.data(), got);
    return text;
  }
  fs::path folder_;
};

TEST_F(SshKeys, SshKeygenReadsOursAndSeesTheSamePublicHalf) {
  for (const char* comment : {"rayctl 0a1b2c", "", "longer than eight"}) {
    const auto key = make_ssh_key(comment);
    ASSERT_TRUE(key.ok());
    ASSERT_TRUE(write_file_atomic(file("ours"), key->private_text));
    const std::string seen = output("ssh-keygen -y -P '' -f " + file("ours"));
    EXPECT_TRUE(same_ssh_key(seen, key->public_line)) << seen;
    EXPECT_NE(seen.find(comment), std::string::npos);
    EXPECT_EQ(
        read_ssh_key(key->private_text),
        (SshKeyFacts{trim(split(key->public_line, ' ')[0] + " " + split(key->public_line, ' ')[1]),
                     comment}));
  }
}

TEST_F(SshKeys, SignaturesOfOursHold) {
  const auto key = make_ssh_key("me");
  ASSERT_TRUE(key.ok());
  ASSERT_TRUE(write_file_atomic(file("ours"), key->private_text));
  ASSERT_TRUE(write_file_atomic(file("signers"), "me " + key->public_line + "\n"));
  ASSERT_TRUE(write_file_atomic(file("text"), "hello\n"));
  const std::string said =
      output("cd " + folder_.string() +
             " && ssh-keygen -q -Y sign -f ours -n file text 2>&1 && "
             "ssh-keygen -Y verify -f signers -I me -n file -s text.sig <text");
  EXPECT_NE(said.find("Good \"file\" signature for me"), std::string::npos) << said;
}

TEST_F(SshKeys, NoTwoAreTheSame) {
  const auto one = make_ssh_key("");
  const auto two = make_ssh_key("");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_FALSE(same_ssh_key(one->public_line, two->public_line));
}

TEST_F(SshKeys, TheFormsOfOtherToolsAreRead) {
  const std::array lines = {
      "ssh-keygen -q -N '' -t rsa -b 2048 -m PEM -f ",
      "ssh-keygen -q -N '' -t rsa -b 2048 -m PKCS8 -f ",
      "ssh-keygen -q -N '' -t rsa -b 2048 -f ",
      "ssh-keygen -q -N '' -t ecdsa -f ",
      "ssh-keygen -q -N secret -t ed25519 -f ",
      "openssl genpkey -algorithm ED25519 -out ",
  };
  for (const char* line : lines) {
    const std::string path = file("theirs");
    fs::remove(path);
    fs::remove(path + ".pub");
    output(line + path + " 2>/dev/null");
    const auto text = read_file(path);
    ASSERT_TRUE(text.ok()) << line;
    const auto facts = read_ssh_key(*text);
    ASSERT_TRUE(facts) << line;
    if (!fs::exists(path + ".pub")) {
      EXPECT_TRUE(facts->public_line.starts_with("ssh-ed25519 AAAA")) << line;
      continue;
    }
    const auto half = read_file(path + ".pub");
    ASSERT_TRUE(half.ok());
    EXPECT_TRUE(same_ssh_key(facts->public_line, *half)) << line << facts->public_line;
  }
}

TEST_F(SshKeys, WhatIsNoKeyOrNeedsAPassphraseIsNotRead) {
  output("openssl genrsa -aes128 -passout pass:secret -out " + file("locked") + " 2>/dev/null");
  const auto locked = read_file(file("locked"));
  ASSERT_TRUE(locked.ok());
  EXPECT_FALSE(read_ssh_key(*locked)) << "and nobody was asked for the passphrase";
  const auto key = make_ssh_key("x");
  ASSERT_TRUE(key.ok());
  EXPECT_FALSE(read_ssh_key(key->private_text.substr(0, 200)));
  for (std::size_t cut = 40; cut < key->private_text.size(); cut += 7) {
    std::string broken = key->private_text;
    broken.erase(cut, 4);
    const auto facts = read_ssh_key(broken);
    if (facts) {
      EXPECT_NE(*facts, *read_ssh_key(key->private_text)) << cut;
    }
  }
  for (const char* text :
       {"", "hello", "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----"})
    EXPECT_FALSE(read_ssh_key(text)) << text;
  EXPECT_FALSE(same_ssh_key("", ""));
}

TEST(Base64, GoesBothWays) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(from_base64("Zm9v\nYg=="), "foob");
  EXPECT_EQ(from_base64("Zg="), std::nullopt);
  EXPECT_EQ(from_base64("????"), std::nullopt);
}

}  // namespace
}  // namespace rayctl
