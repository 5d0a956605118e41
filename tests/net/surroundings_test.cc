#include "net/surroundings.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

TEST(SurroundingsTest, EachSchemeHasItsProxy) {
  const std::map<std::string, std::string> env = {
      {"https_proxy", "http://s:1"}, {"HTTPS_PROXY", "http://S:1"}, {"http_proxy", "http://h:1"}};
  EXPECT_EQ(proxy_for("https://a/", env), "http://s:1");
  EXPECT_EQ(proxy_for("http://a/", env), "http://h:1");
  EXPECT_EQ(proxy_for("https://a/", {{"HTTPS_PROXY", "http://S:1"}}), "http://S:1");
  EXPECT_EQ(proxy_for("http://a/", {{"HTTP_PROXY", "http://H:1"}}), "");
  EXPECT_EQ(proxy_for("https://a/", {{"https_proxy", ""}, {"ALL_PROXY", "socks5h://x"}}),
            "socks5h://x");
}

TEST(SurroundingsTest, ExceptionsAreReadInBothCases) {
  EXPECT_EQ(proxy_exceptions({{"NO_PROXY", "a"}}), "a");
  EXPECT_EQ(proxy_exceptions({{"NO_PROXY", "a"}, {"no_proxy", "b"}}), "b");
  EXPECT_EQ(proxy_exceptions({}), "");
}

TEST(SurroundingsTest, ChosenCertificatesComeFirst) {
  EXPECT_EQ(certificates("/a", {{"SSL_CERT_FILE", "/b"}}), "/a");
  EXPECT_EQ(certificates("", {{"SSL_CERT_FILE", "/b"}}), "/b");
}

}  // namespace
}  // namespace rayctl
