#include "tests/gcp_client/look.h"

namespace rayctl::gcp {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kJwt[] = "urn:ietf:params:oauth:token-type:jwt";

/// A file of a workload identity pool.
class FederationTest : public LookTest {
 protected:
  FederationTest() {
    answer("/sts", token_answer("S1"));
    home_.write("subject", "the-subject\n");
    file_ = {{"type", "external_account"},
             {"audience", "//iam/pool"},
             {"subject_token_type", kJwt},
             {"token_url", server_.url() + "/sts"},
             {"credential_source", {{"file", home_.path("subject")}}}};
  }
  std::string exchanged() {
    name_file(file_);
    return looked();
  }
  std::string subject_sent() const {
    return fields_of(server_.requests().back().body).at("subject_token");
  }

  Json file_;
};

TEST_F(FederationTest, ExchangesTheTokenOfAFile) {
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(fields_of(sent().body),
            (std::map<std::string, std::string>{
                {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                {"audience", "//iam/pool"},
                {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                {"subject_token", "the-subject"},
                {"subject_token_type", kJwt}}));
  EXPECT_FALSE(sent().headers.contains("authorization"));
  EXPECT_THAT(look()->source, HasSubstr("the external account from GOOGLE_APPLICATION_CRED"));
}

TEST_F(FederationTest, AFileMayHoldJson) {
  home_.write("subject", R"({"id_token":"in-json"})");
  file_["credential_source"]["format"] = {{"type", "json"},
                                          {"subject_token_field_name", "id_token"}};
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(subject_sent(), "in-json");
  home_.write("subject", "{}");
  EXPECT_THAT(exchanged(), HasSubstr("has no JSON with the field `id_token`"));
  home_.write("subject", "");
  file_["credential_source"].erase("format");
  EXPECT_THAT(exchanged(), HasSubstr("is empty"));
}

TEST_F(FederationTest, AsksAUrlForTheToken) {
  answer("/subject", {.body = "of-a-url"});
  file_["credential_source"] = {{"url", server_.url() + "/subject"},
                                {"headers", {{"X-Key", "secret"}}}};
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(sent().headers.at("x-key"), "secret");
  EXPECT_EQ(subject_sent(), "of-a-url");
  answer("/subject", {.status = 403});
  EXPECT_THAT(exchanged(), AllOf(HasSubstr(server_.url() + " answers with HTTP status 403"),
                                 Not(HasSubstr("/subject"))));
  answer("/subject", {});
  EXPECT_THAT(exchanged(), HasSubstr("the answer of " + server_.url() + " is empty"));
}

TEST_F(FederationTest, TheWorkforcePoolAndTheClientAreNamed) {
  file_["workforce_pool_user_project"] = "123";
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(fields_of(sent().body).at("options"), R"({"userProject":"123"})");
  file_["client_id"] = "C";
  file_["client_secret"] = "sekrit";
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_FALSE(fields_of(sent(1).body).contains("options"));
  EXPECT_EQ(sent(1).headers.at("authorization"), "Basic QzpzZWtyaXQ=");
}

TEST_F(FederationTest, TheExchangedTokenMayBeExchangedOnceMore) {
  const std::string path = "/v1/projects/-/serviceAccounts/bot@p.iam:generateAccessToken";
  answer(path, {.body = R"({"accessToken":"I1","expireTime":"2026-01-02T04:04:05Z"})"});
  file_["service_account_impersonation_url"] = server_.url() + path;
  file_["service_account_impersonation"] = {{"token_lifetime_seconds", 1800}};
  EXPECT_EQ(exchanged(), "I1");
  EXPECT_EQ(sent(1).headers.at("authorization"), "Bearer S1");
  EXPECT_EQ(Json::parse(sent(1).body)["lifetime"], "1800s");
}

TEST_F(FederationTest, ARefusedExchangeSaysWhy) {
  answer("/sts", {.status = 400,
                  .body = R"({"error":"invalid_request","error_description":"wrong audience"})"});
  EXPECT_THAT(exchanged(),
              AllOf(HasSubstr("invalid_request: wrong audience"), Not(HasSubstr("the-subject"))));
}

TEST_F(FederationTest, WhatIsNotSupportedIsSaid) {
  file_["credential_source"] = {{"environment_id", "aws1"}};
  EXPECT_THAT(exchanged(), HasSubstr("AWS's own signatures is not supported"));
  file_["credential_source"] = {{"certificate", Json::object()}};
  EXPECT_THAT(exchanged(), HasSubstr("(X.509) is not supported"));
  file_["credential_source"] = Json::object();
  EXPECT_THAT(exchanged(), HasSubstr("neither file, url nor executable"));
  file_.erase("audience");
  EXPECT_THAT(exchanged(), HasSubstr("has no audience"));
}

class ProgramTest : public FederationTest {
 protected:
  ProgramTest() {
    env_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
    file_["credential_source"] = {
        {"executable", {{"command", "/bin/give 'a b'"}, {"timeout_millis", 7'000}}}};
    run_ = [this](const std::vector<std::string>& argv, Time deadline) -> Result<std::string> {
      argv_ = argv;
      limit_ = deadline - clock_.now();
      if (printed_.empty()) return permanent(ErrorCode::kCommandFailed, "exit status 1");
      return printed_;
    };
  }
  void print(const Json& answer) { printed_ = answer.dump(); }

  std::vector<std::string> argv_;
  Millis limit_{0};
  std::string printed_ =
      R"({"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:id_token",)"
      R"("id_token":"of-a-program"})";
};

TEST_F(ProgramTest, RunsAProgramForTheToken) {
  file_["service_account_impersonation_url"] =
      server_.url() + "/v1/projects/-/serviceAccounts/bot@p.iam:generateAccessToken";
  (void)exchanged();
  EXPECT_EQ(fields_of(sent().body).at("subject_token"), "of-a-program");
  ASSERT_GE(argv_.size(), 3U);
  EXPECT_EQ(argv_.front(), "env");
  EXPECT_EQ(argv_[argv_.size() - 2], "/bin/give");
  EXPECT_EQ(argv_.back(), "a b");
  EXPECT_THAT(argv_, Contains("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=//iam/pool"));
  EXPECT_THAT(argv_, Contains("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=bot@p.iam"));
  EXPECT_EQ(limit_, Millis{7'000});
}

TEST_F(ProgramTest, OnlyWhereProgramsAreAllowed) {
  env_.erase("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES");
  EXPECT_THAT(exchanged(), HasSubstr("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES is 1"));
  EXPECT_TRUE(argv_.empty());
  env_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  run_ = nullptr;
  EXPECT_THAT(exchanged(), HasSubstr("programs cannot be run here"));
}

TEST_F(ProgramTest, WhatItPrintedBeforeIsGoodUntilItIsOver) {
  const auto now =
      std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  file_["credential_source"]["executable"]["output_file"] = home_.path("kept");
  Json kept = Json::parse(printed_);
  kept["id_token"] = "kept";
  kept["expiration_time"] = now + 60;
  home_.write("kept", kept.dump());
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(subject_sent(), "kept");
  EXPECT_TRUE(argv_.empty());
  kept["expiration_time"] = now - 60;
  home_.write("kept", kept.dump());
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(subject_sent(), "of-a-program");
}

TEST_F(ProgramTest, WhatItDoesNotGiveIsSaid) {
  print({{"version", 1}, {"success", false}, {"code", "401"}, {"message", "not logged in"}});
  EXPECT_THAT(exchanged(), HasSubstr("/bin/give says 401: not logged in"));
  print({{"success", true}, {"token_type", "x"}});
  EXPECT_THAT(exchanged(), HasSubstr("gives no token of the type `x`"));
  print({{"success", true}, {"id_token", "t"}, {"expiration_time", 5}});
  EXPECT_THAT(exchanged(), HasSubstr("gives a token that is over"));
  printed_ = "hello";
  EXPECT_THAT(exchanged(), HasSubstr("did not print JSON"));
  printed_ = "";
  EXPECT_THAT(exchanged(), HasSubstr("/bin/give failed: exit status 1"));
  file_["credential_source"]["executable"]["command"] = "give 'it";
  EXPECT_THAT(exchanged(), HasSubstr("a quote is not closed"));
}

TEST_F(ProgramTest, ASamlResponseIsATokenToo) {
  print({{"success", true},
         {"token_type", "urn:ietf:params:oauth:token-type:saml2"},
         {"saml_response", "<saml/>"}});
  EXPECT_EQ(exchanged(), "S1");
  EXPECT_EQ(subject_sent(), "<saml/>");
}

}  // namespace
}  // namespace rayctl::gcp
