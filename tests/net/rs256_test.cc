#include "net/rs256.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/ssh_key.h"
#include "tests/net/rsa_key.h"

namespace rayctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Rs256Test, SignsWhatThePublicKeyVerifies) {
  const RsaKey key;
  for (const std::string& text : {std::string("header.claims"), std::string(), std::string(9, 0)}) {
    const Result<std::string> signature = rs256_sign(key.pem(), text);
    ASSERT_TRUE(signature.ok());
    EXPECT_EQ(signature->size(), 256U);
    EXPECT_TRUE(key.verifies(text, *signature));
    EXPECT_FALSE(key.verifies(text + "x", *signature));
  }
}

TEST(Rs256Test, ReadsNothingButAnRsaKeyWithoutAPassphrase) {
  const RsaKey key;
  const Result<SshKey> other = make_ssh_key("");
  ASSERT_TRUE(other.ok());
  std::string cut = key.pem();
  cut.resize(cut.size() / 2);
  for (const std::string& pem :
       {std::string(), std::string("nonsense"), cut, key.pem("word"), other->private_text}) {
    const Result<std::string> signature = rs256_sign(pem, "text");
    ASSERT_FALSE(signature.ok());
    EXPECT_EQ(signature.error().code, ErrorCode::kCredentials);
    EXPECT_EQ(signature.error().fault, Fault::kPermanent);
    EXPECT_THAT(signature.error().message, Not(HasSubstr("BEGIN")));
  }
}

TEST(Rs256Test, Base64ForUrlsHasNoPaddingAndNoSlash) {
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("a"), "YQ");
  EXPECT_EQ(to_base64url("ab"), "YWI");
  EXPECT_EQ(to_base64url("abc"), "YWJj");
  EXPECT_EQ(to_base64url("\xfb\xef\xff"), "--__");
}

}  // namespace
}  // namespace rayctl
