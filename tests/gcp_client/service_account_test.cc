#include "net/ssh_key.h"
#include "tests/gcp_client/look.h"
#include "tests/net/rsa_key.h"

namespace rayctl::gcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Bytes of RFC 4648's alphabet for URLs, without padding.
std::string from_base64url(std::string text) {
  for (char& c : text) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  while (text.size() % 4 != 0)
    text += '=';
  return from_base64(text).value_or("no base64");
}

class ServiceAccountTest : public LookTest {
 protected:
  Json key_file() const {
    return {{"type", "service_account"},   {"project_id", "its-project"},
            {"private_key_id", "k1"},      {"private_key", key().pem()},
            {"client_email", "bot@p.iam"}, {"token_uri", server_.url() + "/token"}};
  }
  static const RsaKey& key() {
    static const RsaKey made;
    return made;
  }
};

TEST_F(ServiceAccountTest, SignsItsClaimWithTheKeyAndExchangesIt) {
  name_file(key_file());
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->text, "T1");
  EXPECT_EQ(token->expires, clock_.now() + std::chrono::seconds{3599});
  EXPECT_EQ(token->principal, "bot@p.iam");
  EXPECT_EQ(token->source, "service account bot@p.iam from GOOGLE_APPLICATION_CREDENTIALS (" +
                               home_.path("key.json") + ")");

  const ReceivedRequest got = sent();
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.headers.at("content-type"), "application/x-www-form-urlencoded");
  const auto fields = fields_of(got.body);
  EXPECT_EQ(fields.at("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const std::string assertion = fields.at("assertion");
  const std::size_t second = assertion.rfind('.'), first = assertion.find('.');
  EXPECT_TRUE(
      key().verifies(assertion.substr(0, second), from_base64url(assertion.substr(second + 1))));
  EXPECT_EQ(Json::parse(from_base64url(assertion.substr(0, first))),
            Json({{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  const Json claims = Json::parse(from_base64url(assertion.substr(first + 1, second - first - 1)));
  const auto now =
      std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  EXPECT_EQ(claims, Json({{"iss", "bot@p.iam"},
                          {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                          {"aud", server_.url() + "/token"},
                          {"iat", now},
                          {"exp", now + 3600}}));
}

TEST_F(ServiceAccountTest, TheConfigMayBringTheKeyAsText) {
  given_ = {{"type", "service_account"}, {"credentials", key_file().dump()}};
  name_file({{"type", "nonsense"}});
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_THAT(token->source, HasSubstr("provider.gcp_credentials"));
  given_ = {{"type", "service_account"}, {"credentials", "no json"}};
  EXPECT_EQ(looked(), "provider.gcp_credentials.credentials holds no JSON object");
}

TEST_F(ServiceAccountTest, WhatTheKeyLacksIsNamed) {
  Json file = key_file();
  file["private_key"] = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  name_file(file);
  EXPECT_THAT(looked(), AllOf(HasSubstr("no private RSA key"), HasSubstr("bot@p.iam"),
                              Not(HasSubstr("c2VjcmV0"))));
  file.erase("client_email");
  name_file(file);
  EXPECT_THAT(looked(), HasSubstr("has no client_email"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(ServiceAccountTest, ARefusedClaimSaysWhy) {
  name_file(key_file());
  answer("/token", {.status = 400,
                    .body = R"({"error":"invalid_grant","error_description":"Invalid JWT: Token )"
                            R"(must be a short-lived token and in a reasonable timeframe."})"});
  const Result<Token> token = look();
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().code, ErrorCode::kCredentials);
  EXPECT_EQ(token.error().fault, Fault::kPermanent);
  EXPECT_THAT(token.error().message,
              AllOf(HasSubstr("bot@p.iam"), HasSubstr("invalid_grant: Invalid JWT"),
                    HasSubstr("the clock of this machine may be wrong")));
}

TEST_F(ServiceAccountTest, FailuresOfTheServiceAreTriedAgain) {
  name_file(key_file());
  script("/token",
         {{.status = 503}, {.ending = ScriptedAnswer::Ending::kDrop}, token_answer("T2")});
  EXPECT_EQ(looked(), "T2");
  answer("/token", {.status = 503, .body = "busy"});
  const Result<Token> token = look();
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().fault, Fault::kTransient);
  EXPECT_EQ(token.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(token.error().message, HasSubstr("HTTP status 503: busy"));
}

TEST_F(ServiceAccountTest, AnAnswerWithoutATokenIsNone) {
  name_file(key_file());
  for (const char* body : {"{}", "[]", "<html>", R"({"access_token":"x"})",
                           R"({"access_token":"x","expires_in":"soon"})"}) {
    answer("/token", {.body = body});
    EXPECT_THAT(looked(), HasSubstr("cannot be had")) << body;
  }
  answer("/token", {.body = R"({"access_token":"x","expires_in":"60"})"});
  EXPECT_EQ(looked(), "x");
}

TEST_F(ServiceAccountTest, AnotherUniverseIsRefused) {
  Json file = key_file();
  file["universe_domain"] = "example.cloud";
  name_file(file);
  EXPECT_THAT(looked(), HasSubstr("of the universe example.cloud; only googleapis.com"));
  file["universe_domain"] = "googleapis.com";
  name_file(file);
  EXPECT_EQ(looked(), "T1");
  env_["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = "other.cloud";
  EXPECT_THAT(looked(), HasSubstr("GOOGLE_CLOUD_UNIVERSE_DOMAIN is other.cloud"));
}

TEST_F(ServiceAccountTest, ItsProjectIsTheKeys) {
  name_file(key_file());
  const Result<Project> found = project();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->id, "its-project");
  EXPECT_THAT(found->source, HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"));
}

}  // namespace
}  // namespace rayctl::gcp
