#include "tests/gcp_client/look.h"

namespace rayctl::gcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CredentialChainTest : public LookTest {
 protected:
  std::string refresh_token_sent() const {
    return fields_of(server_.requests().back().body).at("refresh_token");
  }
  void play_metadata() {
    env_.erase("NO_GCE_CHECK");
    env_["GCE_METADATA_HOST"] = "127.0.0.1:" + std::to_string(server_.port());
    answer("/", {.headers = {{"Metadata-Flavor", "Google"}}});
    answer("/computeMetadata/v1/instance/service-accounts/default/email", {.body = "vm@p.iam\n"});
    answer("/computeMetadata/v1/instance/service-accounts/default/token", token_answer("M1"));
    answer("/computeMetadata/v1/project/project-id", {.body = "machine-project"});
  }
};

TEST_F(CredentialChainTest, TheFirstPlaceThatIsSetUpDecides) {
  play_metadata();
  EXPECT_EQ(looked(), "M1");
  home_.login(user("R-login").dump());
  EXPECT_EQ(looked(), "T1");
  EXPECT_EQ(refresh_token_sent(), "R-login");
  name_file(user("R-named"));
  EXPECT_EQ(looked(), "T1");
  EXPECT_EQ(refresh_token_sent(), "R-named");
  given_ = {{"type", "credentials_token"}, {"credentials", "given-token\n"}};
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->text, "given-token");
  EXPECT_EQ(token->source, "provider.gcp_credentials");
  EXPECT_EQ(token->expires, std::nullopt);
}

TEST_F(CredentialChainTest, WithoutAnyAllPlacesAreNamed) {
  const Result<Token> token = look();
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(
      token.error().message,
      AllOf(HasSubstr("GOOGLE_APPLICATION_CREDENTIALS is not set"),
            HasSubstr("there is no " +
                      home_.path(".config/gcloud/application_default_credentials.json")),
            HasSubstr("NO_GCE_CHECK is set"), HasSubstr("gcloud auth application-default login")));
}

TEST_F(CredentialChainTest, GcloudsFolderMayBeElsewhere) {
  (void)make_directories(home_.path("else"));
  home_.write("else/application_default_credentials.json", user("R-else").dump());
  env_["CLOUDSDK_CONFIG"] = home_.path("else");
  EXPECT_EQ(looked(), "T1");
  EXPECT_EQ(refresh_token_sent(), "R-else");
}

TEST_F(CredentialChainTest, AFileThatIsNoneIsAnErrorAndNotPassedOver) {
  home_.login(user().dump());
  env_["GOOGLE_APPLICATION_CREDENTIALS"] = home_.path("gone.json");
  EXPECT_THAT(looked(), AllOf(HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"), HasSubstr("gone.json")));
  home_.write("bad.json", "{");
  env_["GOOGLE_APPLICATION_CREDENTIALS"] = home_.path("bad.json");
  EXPECT_THAT(looked(), HasSubstr("holds no JSON object"));
  name_file({{"type", "gdch_service_account"}});
  EXPECT_THAT(looked(), AllOf(HasSubstr("`gdch_service_account`, which is not supported"),
                              HasSubstr("authorized_user")));
}

TEST_F(CredentialChainTest, WhatTheConfigGivesIsOfAKnownKind) {
  given_ = {{"type", "password"}, {"credentials", "sekrit"}};
  EXPECT_THAT(looked(), AllOf(HasSubstr("not `password`"), Not(HasSubstr("sekrit"))));
  given_ = {{"type", "credentials_token"}};
  EXPECT_EQ(looked(), "provider.gcp_credentials has no token");
}

TEST_F(CredentialChainTest, ActsAsAnotherAccount) {
  home_.login(user().dump());
  const std::string path = "/iamc/v1/projects/-/serviceAccounts/last@p.iam:generateAccessToken";
  answer(path, {.body = R"({"accessToken":"I1","expireTime":"2026-01-02T04:04:05.5Z"})"});
  impersonate_ = "first@p.iam, second@p.iam,last@p.iam";
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->text, "I1");
  EXPECT_EQ(token->expires, parse_time("2026-01-02T04:04:05.500Z"));
  EXPECT_EQ(token->principal, "last@p.iam");
  EXPECT_THAT(token->source, HasSubstr("last@p.iam by the login from"));
  EXPECT_EQ(sent(1).headers.at("authorization"), "Bearer T1");
  EXPECT_EQ(Json::parse(sent(1).body),
            Json({{"scope", {"https://www.googleapis.com/auth/cloud-platform"}},
                  {"lifetime", "3600s"},
                  {"delegates",
                   {"projects/-/serviceAccounts/first@p.iam",
                    "projects/-/serviceAccounts/second@p.iam"}}}));
  impersonate_.clear();
  env_["CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT"] = "last@p.iam";
  EXPECT_EQ(looked(), "I1");
}

TEST_F(CredentialChainTest, WhoMayNotActAsAnotherLearnsWhichRoleItTakes) {
  home_.login(user().dump());
  impersonate_ = "bot@p.iam";
  answer("/iamc/v1/projects/-/serviceAccounts/bot@p.iam:generateAccessToken",
         {.status = 403,
          .body = R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"no right"}})"});
  const Result<Token> token = look();
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(token.error().message,
              AllOf(HasSubstr("a token of bot@p.iam for the login"), HasSubstr("no right"),
                    HasSubstr("roles/iam.serviceAccountTokenCreator")));
}

TEST_F(CredentialChainTest, TheQuotaProjectOfTheEnvironmentWins) {
  Json login = user();
  login["quota_project_id"] = "files";
  home_.login(login.dump());
  EXPECT_EQ(look()->quota_project, "files");
  env_["GOOGLE_CLOUD_QUOTA_PROJECT"] = "envs";
  EXPECT_EQ(look()->quota_project, "envs");
}

TEST_F(CredentialChainTest, TheMachineHasAnAccount) {
  play_metadata();
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok());
  EXPECT_EQ(token->principal, "vm@p.iam");
  EXPECT_EQ(token->source, "the machine's service account vm@p.iam");
  for (const ReceivedRequest& request : server_.requests()) {
    EXPECT_EQ(request.headers.at("metadata-flavor"), "Google") << request.target;
  }
  answer("/computeMetadata/v1/instance/service-accounts/default/email", {.status = 404});
  EXPECT_THAT(looked(), HasSubstr("this machine has no service account"));
}

TEST_F(CredentialChainTest, AnotherServerIsNoMetadataServer) {
  play_metadata();
  answer("/", {.body = "hello"});
  EXPECT_THAT(looked(), HasSubstr("what answers for the metadata server is not Google's"));
  env_.erase("GCE_METADATA_HOST");
  env_["GCE_METADATA_IP"] = "127.0.0.1:" + std::to_string(closed_port());
  EXPECT_THAT(looked(), HasSubstr("no metadata server answers"));
}

TEST_F(CredentialChainTest, TheProjectIsWhatIsNamedFirst) {
  const auto named = [&](const std::string& configured = "") {
    const Result<Project> found = project(configured);
    return found ? found->id + " by " + found->source : found.error().message;
  };
  EXPECT_THAT(named(), AllOf(HasSubstr("no project"), HasSubstr("gcloud config set project")));
  play_metadata();
  EXPECT_EQ(named(), "machine-project by the metadata server");
  home_.config("default", "[compute]\nproject = no\n[core]\naccount = me\nproject = active\n");
  EXPECT_EQ(named(), "active by gcloud's active configuration");
  Json login = user();
  login["project_id"] = "of-the-login";
  home_.login(login.dump());
  EXPECT_THAT(named(), HasSubstr("of-the-login by /"));
  env_["CLOUDSDK_CORE_PROJECT"] = "cloudsdk";
  EXPECT_EQ(named(), "cloudsdk by CLOUDSDK_CORE_PROJECT");
  env_["GOOGLE_CLOUD_PROJECT"] = "google";
  EXPECT_EQ(named(), "google by GOOGLE_CLOUD_PROJECT");
  EXPECT_EQ(named("configured"), "configured by provider.project_id");
}

}  // namespace
}  // namespace rayctl::gcp
