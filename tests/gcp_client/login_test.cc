#include "tests/gcp_client/look.h"

namespace rayctl::gcp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using LoginTest = LookTest;

TEST_F(LoginTest, RefreshesAPersonsLogin) {
  Json login = user();
  login["account"] = "ann@example.com";
  login["quota_project_id"] = "q";
  home_.login(login.dump());
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->principal, "ann@example.com");
  EXPECT_EQ(token->quota_project, "q");
  EXPECT_THAT(token->source, HasSubstr("ann@example.com from "));
  EXPECT_EQ(fields_of(sent().body),
            (std::map<std::string, std::string>{{"grant_type", "refresh_token"},
                                                {"client_id", "C"},
                                                {"client_secret", "sekrit"},
                                                {"refresh_token", "R1"}}));
}

TEST_F(LoginTest, ALoginThatIsOverSaysHowToLogInAgain) {
  home_.login(user().dump());
  answer("/token", {.status = 400,
                    .body = R"({"error":"invalid_grant","error_description":"Token has been )"
                            R"(expired or revoked.","error_subtype":"invalid_rapt"})"});
  EXPECT_THAT(looked(),
              AllOf(HasSubstr("invalid_rapt: Token has been expired or revoked."),
                    HasSubstr("log in again with `gcloud auth application-default login`"),
                    Not(HasSubstr("sekrit")), Not(HasSubstr("R1"))));
  answer("/token", {.status = 500});
  EXPECT_THAT(looked(), Not(HasSubstr("log in again")));
  Json login = user();
  login.erase("refresh_token");
  home_.login(login.dump());
  EXPECT_THAT(looked(), AllOf(HasSubstr("has no refresh_token"), HasSubstr("log in again")));
}

TEST_F(LoginTest, RefreshesTheLoginOfAWorkforcePool) {
  Json login = user();
  login["type"] = "external_account_authorized_user";
  login["token_url"] = server_.url() + "/sts";
  answer("/sts", token_answer("W1"));
  home_.login(login.dump());
  EXPECT_EQ(looked(), "W1");
  EXPECT_EQ(sent().headers.at("authorization"), "Basic QzpzZWtyaXQ=");
  EXPECT_EQ(fields_of(sent().body), (std::map<std::string, std::string>{
                                        {"grant_type", "refresh_token"}, {"refresh_token", "R1"}}));
  login.erase("token_url");
  home_.login(login.dump());
  EXPECT_THAT(looked(), AllOf(HasSubstr("has no token_url"), HasSubstr("--login-config")));
}

TEST_F(LoginTest, AFileMayActAsAnotherAccount) {
  const std::string path = "/v1/projects/-/serviceAccounts/bot@p.iam:generateAccessToken";
  answer(path, {.body = R"({"accessToken":"I1","expireTime":"2026-01-02T04:04:05Z"})"});
  Json file = {{"type", "impersonated_service_account"},
               {"service_account_impersonation_url", server_.url() + path},
               {"delegates", {"projects/-/serviceAccounts/d@p.iam"}},
               {"quota_project_id", "q"},
               {"source_credentials", user()}};
  home_.login(file.dump());
  const Result<Token> token = look();
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(token->text, "I1");
  EXPECT_EQ(token->principal, "bot@p.iam");
  EXPECT_EQ(token->quota_project, "q");
  EXPECT_EQ(Json::parse(sent(1).body)["delegates"], Json({"projects/-/serviceAccounts/d@p.iam"}));

  file["service_account_impersonation_url"] = server_.url() + "/elsewhere";
  home_.login(file.dump());
  EXPECT_THAT(looked(), HasSubstr("no URL of a service account to act as"));
  file["source_credentials"] = {{"type", "impersonated_service_account"}};
  home_.login(file.dump());
  EXPECT_THAT(looked(), HasSubstr("act as another themselves"));
  file.erase("source_credentials");
  home_.login(file.dump());
  EXPECT_THAT(looked(), HasSubstr("has no source_credentials"));
}

}  // namespace
}  // namespace rayctl::gcp
