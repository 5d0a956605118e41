#include "providers/aws/sigv4.h"

#include <gtest/gtest.h>

namespace rayctl::aws {
namespace {

const SigningKey kKey{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

std::string header(const std::vector<std::pair<std::string, std::string>>& headers,
                   const std::string& name) {
  for (const auto& [each, value] : headers) {
    if (each == name) return value;
  }
  return "";
}

std::string authorization(const HttpRequest& request, const SigningKey& key = kKey,
                          const SigningScope& scope = {"us-east-1", "service"}) {
  const auto added = sign(request, key, scope, parse_time("2015-08-30T12:36:00.000Z"));
  EXPECT_EQ(header(added, "X-Amz-Date"), "20150830T123600Z");
  EXPECT_EQ(header(added, "X-Amz-Security-Token"), key.session_token);
  return header(added, "Authorization");
}

HttpRequest get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

// "get-vanilla", "get-vanilla-query-order-key-case" and "post-x-www-form-urlencoded" of AWS's
// Signature Version 4 test suite.
TEST(SigV4Test, SignsTheExamplesOfAws) {
  EXPECT_EQ(authorization(get("https://example.amazonaws.com/")),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(authorization(get("https://example.amazonaws.com/?Param2=value2&Param1=value1")),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date, "
            "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  HttpRequest post = get("https://example.amazonaws.com/");
  post.method = "POST";
  post.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  post.body = "Param1=value1";
  EXPECT_EQ(authorization(post),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

// The values of these were computed with botocore 1.43.
TEST(SigV4Test, SignsAPortATokenAPathAndAnEscapedQuery) {
  HttpRequest post = get("http://127.0.0.1:4566/");
  post.method = "POST";
  post.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  post.body = "Action=DescribeInstances&Version=2016-11-15";
  SigningKey key = kKey;
  key.session_token = "TOKEN/+=";
  EXPECT_EQ(authorization(post, key, {"eu-west-3", "ec2"}),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-3/ec2/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
            "Signature=2fdc6f1319fa43557d449cfc3ac91a92f106ef61ab8ed3da468328b55cf6aff1");
  HttpRequest escaped = get("https://example.amazonaws.com/a%20b/%2A?x=%20y&x=%2F&A=b%2A");
  escaped.headers = {{"X-Two", "  a   b "}};
  EXPECT_EQ(authorization(escaped),
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-date;x-two, "
            "Signature=4ca29d1059dc6dc42bea8ee15b56d335100dbf12aba58ef4e447feb43c8fd2b4");
}

TEST(SigV4Test, ADefaultPortIsAsNone) {
  EXPECT_EQ(authorization(get("https://a.example:443/")), authorization(get("https://a.example")));
  EXPECT_EQ(authorization(get("http://a.example:80/")), authorization(get("http://a.example/")));
  EXPECT_NE(authorization(get("https://a.example:80/")), authorization(get("https://a.example/")));
}

}  // namespace
}  // namespace rayctl::aws
