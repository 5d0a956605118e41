#include "providers/aws/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/aws/encoding.h"
#include "providers/aws/endpoint.h"
#include "tests/aws_client/home.h"

namespace rayctl::aws {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ProfilesTest, ReadsSectionsCommentsAndNestedSettings) {
  const auto sections = parse_ini(
      "# a comment\n[default]\nRegion = eu-west-1\r\n; another\ns3 =\n  addressing_style = path\n"
      "\tmax = 2\nempty=\nkey = a=b#c\n\n[profile x]\noutput: json\n",
      "f");
  ASSERT_TRUE(sections.ok()) << sections.error().message;
  EXPECT_EQ(sections->at("default"), (Section{{"region", "eu-west-1"},
                                              {"s3", ""},
                                              {"s3.addressing_style", "path"},
                                              {"s3.max", "2"},
                                              {"empty", ""},
                                              {"key", "a=b#c"}}));
  EXPECT_EQ(sections->at("profile x"), (Section{{"output", "json"}}));
}

TEST(ProfilesTest, AnUnreadableLineIsNamedAndNotShown) {
  for (const std::string text : {"[default]\nhunter2\n", "hunter2 = 1\n"}) {
    const auto sections = parse_ini(text, "/home/x/.aws/config");
    ASSERT_FALSE(sections.ok());
    EXPECT_EQ(sections.error().code, ErrorCode::kCredentials);
    EXPECT_THAT(sections.error().message, AllOf(HasSubstr("/home/x/.aws/config"), HasSubstr("line"),
                                                Not(HasSubstr("hunter2"))));
  }
}

TEST(ProfilesTest, TheCredentialsFileWinsOverTheConfigFile) {
  const Home home;
  home.config(
      "[default]\nregion = a\n[profile 'big one']\nregion = b\nx = config\n"
      "[sso-session s]\nsso_region = c\n[services v]\nec2 =\n  endpoint_url = http://e\n");
  home.credentials("[big one]\nx = credentials\n[other]\ny = 1\n");
  Environment env = home.env();
  env["AWS_PROFILE"] = "big one";
  const auto profiles = load_profiles(env);
  ASSERT_TRUE(profiles.ok());
  EXPECT_EQ(profiles->name, "big one");
  EXPECT_EQ(profiles->merged("big one"), (Section{{"region", "b"}, {"x", "credentials"}}));
  EXPECT_TRUE(profiles->has("other"));
  EXPECT_FALSE(profiles->has("nobody"));
  EXPECT_EQ(profiles->sso_sessions.at("s").at("sso_region"), "c");
  EXPECT_EQ(profiles->services.at("v").at("ec2.endpoint_url"), "http://e");
}

TEST(ProfilesTest, FilesThatAreNotThereAreEmpty) {
  const auto profiles = load_profiles({{"HOME", "/nonexistent"}});
  ASSERT_TRUE(profiles.ok());
  EXPECT_EQ(profiles->name, "default");
  EXPECT_EQ(profiles->config_path, "/nonexistent/.aws/config");
}

TEST(EndpointTest, EachServiceHasItsOwn) {
  const auto url = [](const char* service, const char* region, const Environment& env = {}) {
    const Endpoint endpoint = resolve_endpoint(service, region, env, {});
    return endpoint.region + " " + endpoint.url;
  };
  EXPECT_EQ(url("ec2", "eu-west-1"), "eu-west-1 https://ec2.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url("sts", "eu-west-1"), "eu-west-1 https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url("ssm", "eu-west-1"), "eu-west-1 https://ssm.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url("iam", "eu-west-1"), "us-east-1 https://iam.amazonaws.com/");
  EXPECT_EQ(url("sso", "eu-west-1"), "eu-west-1 https://portal.sso.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url("ec2", "cn-north-1"), "cn-north-1 https://ec2.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(url("iam", "cn-northwest-1"), "cn-north-1 https://iam.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(url("iam", "us-gov-east-1"), "us-gov-west-1 https://iam.us-gov.amazonaws.com/");
  const Environment fips = {{"AWS_USE_FIPS_ENDPOINT", "true"}};
  EXPECT_EQ(url("ec2", "us-east-2", fips), "us-east-2 https://ec2-fips.us-east-2.amazonaws.com/");
  EXPECT_EQ(url("iam", "us-east-2", fips), "us-east-1 https://iam-fips.amazonaws.com/");
}

TEST(EndpointTest, ConfiguredOnesComeInTheirOrder) {
  Profiles profiles;
  profiles.config["default"] = {{"endpoint_url", "http://profile"}, {"services", "v"}};
  profiles.services["v"] = {{"ec2.endpoint_url", "http://services:1/base"}};
  Environment env;
  const auto url = [&](const char* service) {
    return resolve_endpoint(service, "eu-west-1", env, profiles).url;
  };
  EXPECT_EQ(url("iam"), "http://profile/");
  EXPECT_EQ(url("ec2"), "http://services:1/base");
  env["AWS_ENDPOINT_URL"] = "http://all";
  EXPECT_EQ(url("iam"), "http://all/");
  EXPECT_EQ(url("ec2"), "http://services:1/base");
  env["AWS_ENDPOINT_URL_EC2"] = "http://ec2";
  EXPECT_EQ(url("ec2"), "http://ec2/");
  env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(url("ec2"), "https://ec2.eu-west-1.amazonaws.com/");
}

TEST(EndpointTest, SettingsOfTheSurroundings) {
  Profiles profiles;
  profiles.config["default"] = {{"region", "p"}, {"ca_bundle", "~/ca.pem"}, {"max_attempts", "7"}};
  EXPECT_EQ(configured_region({}, profiles), "p");
  EXPECT_EQ(configured_region({{"AWS_DEFAULT_REGION", "d"}}, profiles), "d");
  EXPECT_EQ(configured_region({{"AWS_DEFAULT_REGION", "d"}, {"AWS_REGION", "r"}}, profiles), "r");
  EXPECT_EQ(configured_certificates({{"HOME", "/h"}}, profiles), "/h/ca.pem");
  EXPECT_EQ(configured_certificates({{"AWS_CA_BUNDLE", "/b"}}, profiles), "/b");
  EXPECT_EQ(configured_attempts({}, profiles, 5), 7);
  EXPECT_EQ(configured_attempts({{"AWS_MAX_ATTEMPTS", "2"}}, profiles, 5), 2);
  EXPECT_EQ(configured_attempts({{"AWS_MAX_ATTEMPTS", "none"}}, {}, 5), 5);
}

TEST(EncodingTest, TimesOfSignatures) {
  EXPECT_EQ(compact_time(parse_time("2026-01-02T03:04:05.000Z")), "20260102T030405Z");
}

}  // namespace
}  // namespace rayctl::aws
