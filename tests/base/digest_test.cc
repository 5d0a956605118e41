#include "base/digest.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

// FIPS 180-4 examples; the base32hex ones were computed with Python's base64.b32hexencode.
TEST(Digest, KnownVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha256_base32hex(""), "seoc8gkovge196nruj49irtp4gjqsgf4cidp6j54imchmu2in1ag");
  EXPECT_EQ(sha256_base32hex("abc"), "n9s1dfsf077ukga183f5rbh24eo06od3iobnl75k23vm3sg02mmg");
}

// RFC 4231, test case 2.
TEST(Digest, HmacKnownVector) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, HmacOfEmptyKeyIsNotTheLastKey) {
  const std::string empty = hmac_sha256_hex({}, "x");
  (void)hmac_sha256_hex("Jefe", "x");
  EXPECT_EQ(hmac_sha256_hex({}, "x"), empty);
  EXPECT_NE(empty, hmac_sha256_hex("Jefe", "x"));
}

TEST(Digest, ShortIsTheBeginningOfTheLong) {
  EXPECT_EQ(short_digest("abc"), sha256_hex("abc").substr(0, 20));
}

TEST(Digest, StreamEqualsWholeAndStartsAnew) {
  const std::string text(100'003, 'x');
  Sha256 stream;
  for (std::size_t at = 0; at < text.size(); at += 997)
    stream.add(std::string_view(text).substr(at, 997));
  EXPECT_EQ(stream.finish(), sha256_hex(text));
  stream.add("abc");
  EXPECT_EQ(stream.finish(), sha256_hex("abc"));
}

TEST(Digest, RandomIsLongEnoughAndDiffers) {
  EXPECT_EQ(random_hex(16).size(), 32U);
  EXPECT_EQ(random_hex(0), "");
  EXPECT_NE(random_hex(16), random_hex(16));
  EXPECT_EQ(random_hex(16).find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace rayctl
