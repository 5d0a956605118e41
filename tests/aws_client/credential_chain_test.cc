#include "providers/aws/credential_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/digest.h"
#include "base/text.h"
#include "tests/aws_client/home.h"
#include "tests/net/loopback_server.h"
#include "tests/support/fake_clock.h"

namespace rayctl::aws {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDocument[] =
    R"({"Code":"Success","AccessKeyId":"META","SecretAccessKey":"m","Token":"t",)"
    R"("Expiration":"2026-01-02T09:04:05Z"})";

std::string assumed(const std::string& action, const std::string& key) {
  return "<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + action +
         "Result><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>a</SecretAccessKey><SessionToken>tok</SessionToken>"
         "<Expiration>2026-01-02T04:04:05Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

class CredentialChainTest : public ::testing::Test {
 protected:
  CredentialChainTest()
      : server_([this](const ReceivedRequest& got) { return answer_(got); }),
        http_(make_http_client({}, clock_)) {
    env_ = home_.env();
    env_["AWS_ENDPOINT_URL"] = server_.url();
  }
  Result<Credentials> find() {
    Result<Profiles> profiles = load_profiles(env_);
    if (!profiles) return profiles.error();
    CredentialPlaces places{env_, *profiles, *http_, clock_, run_, "eu-west-1", {}};
    return find_credentials(places, clock_.now() + Millis{30'000});
  }
  std::string key() {
    const Result<Credentials> found = find();
    return found ? found->key.access_key + "/" + found->key.secret_key + "/" +
                       found->key.session_token
                 : "error";
  }
  std::string complaint() {
    const Result<Credentials> found = find();
    if (found) return "found " + found->key.access_key;
    EXPECT_EQ(found.error().code, ErrorCode::kCredentials);
    EXPECT_EQ(found.error().fault, Fault::kPermanent);
    return found.error().message;
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> all;
    for (const ReceivedRequest& request : server_.requests())
      all.push_back(request.method + " " + request.target);
    return all;
  }

  FakeClock clock_;
  Home home_;
  Environment env_;
  RunProgram run_;
  std::function<ScriptedAnswer(const ReceivedRequest&)> answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 404};
  };
  LoopbackServer server_;
  std::unique_ptr<HttpClient> http_;
};

TEST_F(CredentialChainTest, TheEnvironmentComesFirst) {
  home_.credentials("[default]\naws_access_key_id=FILE\naws_secret_access_key=f\n");
  EXPECT_EQ(key(), "FILE/f/");
  env_["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_THAT(complaint(), HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  env_["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(key(), "ENV/e/");
  env_["AWS_SESSION_TOKEN"] = "x";
  EXPECT_EQ(key(), "ENV/e/x");
}

TEST_F(CredentialChainTest, NothingAnywhereSaysWhereItLooked) {
  env_["AWS_CONFIG_FILE"] = "~/elsewhere";
  EXPECT_THAT(complaint(),
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not set"),
                    HasSubstr(home_.path(".aws/credentials") + " has no profile `default`"),
                    HasSubstr(home_.path("elsewhere") + " has no profile `default`"),
                    HasSubstr("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
                    HasSubstr("AWS_EC2_METADATA_DISABLED is set")));
}

TEST_F(CredentialChainTest, ANamedProfileHasToBeThere) {
  env_["AWS_PROFILE"] = "dev";
  EXPECT_THAT(complaint(), HasSubstr("AWS_PROFILE names the profile `dev`"));
  home_.config(
      "[profile dev]\naws_access_key_id=C\naws_secret_access_key=c\n"
      "aws_session_token=t\n");
  EXPECT_EQ(key(), "C/c/t");
}

TEST_F(CredentialChainTest, HalfAKeyIsAnError) {
  home_.credentials("[default]\naws_access_key_id=A\n");
  EXPECT_THAT(complaint(), HasSubstr("no aws_secret_access_key"));
}

TEST_F(CredentialChainTest, ARoleIsTakenOnWithTheKeysOfItsSource) {
  home_.config(
      "[default]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=base\nexternal_id=ext\n"
      "role_session_name=me\nduration_seconds=900\nregion=eu-central-1\n");
  home_.credentials("[base]\naws_access_key_id=BASE\naws_secret_access_key=b\n");
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.body = assumed("AssumeRole", "ROLE")};
  };
  const auto found = find();
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->key, (SigningKey{"ROLE", "a", "tok"}));
  EXPECT_EQ(found->expires, parse_time("2026-01-02T04:04:05.000Z"));
  const ReceivedRequest got = server_.requests().at(0);
  EXPECT_EQ(got.body,
            "Action=AssumeRole&DurationSeconds=900&ExternalId=ext&"
            "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&Version=2011-06-15");
  EXPECT_THAT(got.headers.at("authorization"),
              AllOf(HasSubstr("Credential=BASE/"), HasSubstr("/eu-central-1/sts/")));
}

TEST_F(CredentialChainTest, RolesMayBeChained) {
  home_.config(
      "[default]\nrole_arn=arn:outer\nsource_profile=middle\n"
      "[profile middle]\nrole_arn=arn:inner\nsource_profile=base\n");
  home_.credentials("[base]\naws_access_key_id=BASE\naws_secret_access_key=b\n");
  answer_ = [](const ReceivedRequest& got) {
    const bool inner = got.body.find("inner") != std::string::npos;
    return ScriptedAnswer{.body = assumed("AssumeRole", inner ? "INNER" : "OUTER")};
  };
  EXPECT_EQ(key(), "OUTER/a/tok");
  EXPECT_THAT(server_.requests().at(0).body, HasSubstr("RoleSessionName=rayctl-1767323045"));
  EXPECT_THAT(server_.requests().at(1).headers.at("authorization"), HasSubstr("Credential=INNER/"));
  EXPECT_EQ(server_.requests().at(1).headers.at("x-amz-security-token"), "tok");
}

TEST_F(CredentialChainTest, AProfileMayBeItsOwnSource) {
  home_.config("[default]\nrole_arn=arn:r\nsource_profile=default\n");
  home_.credentials("[default]\naws_access_key_id=SELF\naws_secret_access_key=s\n");
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.body = assumed("AssumeRole", "ROLE")};
  };
  EXPECT_EQ(key(), "ROLE/a/tok");
  EXPECT_THAT(server_.requests().at(0).headers.at("authorization"), HasSubstr("SELF/"));
}

TEST_F(CredentialChainTest, RolesThatCannotBeTakenOnSayWhy) {
  home_.config(
      "[default]\nrole_arn=arn:r\nsource_profile=a\n"
      "[profile a]\nrole_arn=arn:a\nsource_profile=default\n");
  EXPECT_THAT(complaint(), HasSubstr("circle: default, a, default"));
  home_.config("[default]\nrole_arn=arn:r\nsource_profile=gone\n");
  EXPECT_THAT(complaint(), HasSubstr("source_profile `gone`"));
  home_.config("[default]\nrole_arn=arn:r\n");
  EXPECT_THAT(complaint(), HasSubstr("source_profile, credential_source"));
  home_.config("[default]\nrole_arn=arn:r\ncredential_source=Moon\n");
  EXPECT_THAT(complaint(), HasSubstr("`Moon`"));
  home_.config("[default]\nrole_arn=arn:r\ncredential_source=Environment\n");
  EXPECT_THAT(complaint(), HasSubstr("AWS_ACCESS_KEY_ID is not set"));
  home_.config(
      "[default]\nrole_arn=arn:r\nsource_profile=b\nmfa_serial=arn:mfa\n"
      "[profile b]\naws_access_key_id=B\naws_secret_access_key=b\n");
  EXPECT_THAT(complaint(), HasSubstr("mfa_serial"));
  home_.config(
      "[default]\nrole_arn=arn:r\nsource_profile=b\n"
      "[profile b]\naws_access_key_id=B\naws_secret_access_key=b\n");
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.status = 403,
                          .body =
                              "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: "
                              "arn:u is not authorized to perform: sts:AssumeRole on resource: "
                              "arn:r</Message></Error></ErrorResponse>"};
  };
  EXPECT_THAT(complaint(), HasSubstr("sts:AssumeRole is not allowed for arn:u on arn:r"));
}

TEST_F(CredentialChainTest, AWebIdentityIsExchanged) {
  home_.write("token", "the.jwt\n");
  env_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_.path("token");
  EXPECT_THAT(complaint(), HasSubstr("no role"));
  env_["AWS_ROLE_ARN"] = "arn:web";
  env_["AWS_ROLE_SESSION_NAME"] = "pod";
  int tries = 0;
  answer_ = [&](const ReceivedRequest&) {
    if (++tries == 1) return ScriptedAnswer{.status = 500};
    return ScriptedAnswer{.body = assumed("AssumeRoleWithWebIdentity", "WEB")};
  };
  EXPECT_EQ(key(), "WEB/a/tok");
  const ReceivedRequest got = server_.requests().back();
  EXPECT_THAT(got.body, AllOf(HasSubstr("WebIdentityToken=the.jwt"), HasSubstr("RoleArn=arn%3Aweb"),
                              HasSubstr("RoleSessionName=pod")));
  EXPECT_FALSE(got.headers.contains("authorization"));
  env_["AWS_WEB_IDENTITY_TOKEN_FILE"] = home_.path("nothing");
  EXPECT_THAT(complaint(), HasSubstr(home_.path("nothing")));
}

TEST_F(CredentialChainTest, ALoginOfSsoIsUsed) {
  home_.config(
      "[default]\nsso_session=corp\nsso_account_id=123\nsso_role_name=Dev Ops\n"
      "[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp/start\n");
  EXPECT_THAT(complaint(), HasSubstr("aws sso login --profile default"));
  const std::string cache = ".aws/sso/cache/" + sha1_hex("corp") + ".json";
  home_.write(cache, R"({"accessToken":"tok-1","expiresAt":"2026-01-02T03:00:00Z"})");
  EXPECT_THAT(complaint(),
              AllOf(HasSubstr("has expired"), HasSubstr("aws sso login"), Not(HasSubstr("tok-1"))));
  home_.write(cache, R"({"accessToken":"tok-1","expiresAt":"2026-01-02T05:00:00Z"})");
  answer_ = [](const ReceivedRequest&) {
    return ScriptedAnswer{.body =
                              R"({"roleCredentials":{"accessKeyId":"SSO","secretAccessKey":"s",)"
                              R"("sessionToken":"t","expiration":1767326645000}})"};
  };
  const auto found = find();
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->key, (SigningKey{"SSO", "s", "t"}));
  EXPECT_EQ(found->expires, parse_time("2026-01-02T04:04:05.000Z"));
  EXPECT_THAT(targets(),
              ElementsAre("GET /federation/credentials?role_name=Dev%20Ops&account_id=123"));
  EXPECT_EQ(server_.requests()[0].headers.at("x-amz-sso_bearer_token"), "tok-1");
  answer_ = [](const ReceivedRequest&) { return ScriptedAnswer{.status = 401}; };
  EXPECT_THAT(complaint(), HasSubstr("aws sso login"));
}

TEST_F(CredentialChainTest, ALoginOfSsoIsRenewedBeforeItExpires) {
  home_.config(
      "[default]\nsso_session=corp\nsso_account_id=123\nsso_role_name=r\n"
      "[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp/start\n");
  const std::string cache = ".aws/sso/cache/" + sha1_hex("corp") + ".json";
  home_.write(cache, R"({"accessToken":"old","expiresAt":"2026-01-02T03:10:00Z","clientId":"id",)"
                     R"("clientSecret":"cs","refreshToken":"r1","startUrl":"https://corp/start",)"
                     R"("registrationExpiresAt":"2026-02-02T03:10:00Z"})");
  bool renewable = true;
  answer_ = [&](const ReceivedRequest& got) {
    if (got.method == "POST") {
      return ScriptedAnswer{
          .status = renewable ? 200 : 400,
          .body = R"({"accessToken":"new","expiresIn":3600,"refreshToken":"r2"})"};
    }
    return ScriptedAnswer{.body = R"({"roleCredentials":{"accessKeyId":")" +
                                  got.headers.at("x-amz-sso_bearer_token") +
                                  R"(","secretAccessKey":"s","sessionToken":"t",)"
                                  R"("expiration":1767326645000}})"};
  };
  renewable = false;
  EXPECT_EQ(key(), "old/s/t");  // still good, so it serves
  renewable = true;
  EXPECT_EQ(key(), "new/s/t");
  const ReceivedRequest renewal = server_.requests().at(2);
  EXPECT_EQ(renewal.target, "/token");
  EXPECT_EQ(renewal.body, R"({"clientId":"id","clientSecret":"cs","grantType":"refresh_token",)"
                          R"("refreshToken":"r1"})");
  EXPECT_EQ(key(), "new/s/t");
  EXPECT_THAT(targets().back(), HasSubstr("GET "));
  EXPECT_EQ(targets().size(), 5U);
  const auto kept = read_file(home_.path(cache));
  EXPECT_THAT(*kept, AllOf(HasSubstr("\"r2\""), HasSubstr("2026-01-02T04:04:05Z"),
                           HasSubstr("https://corp/start")));
}

TEST_F(CredentialChainTest, ALoginOfTheOldFormIsFoundByItsUrl) {
  home_.config(
      "[default]\nsso_start_url=https://old/start\nsso_region=us-east-1\n"
      "sso_account_id=1\nsso_role_name=r\n");
  home_.write(".aws/sso/cache/" + sha1_hex("https://old/start") + ".json",
              R"({"accessToken":"t","expiresAt":"2026-01-02T05:00:00UTC"})");
  EXPECT_THAT(complaint(), HasSubstr("has expired"));  // a time that nobody can read
  home_.write(".aws/sso/cache/" + sha1_hex("https://old/start") + ".json",
              R"({"accessToken":"t","expiresAt":"2026-01-02T05:00:00Z"})");
  EXPECT_THAT(complaint(), HasSubstr("SSO gives no credentials"));
}

TEST_F(CredentialChainTest, AProgramMayHaveThem) {
  home_.config("[default]\ncredential_process = /opt/helper --name 'a b' \"c\\\"d\" e\\ f\n");
  EXPECT_THAT(complaint(), HasSubstr("cannot be run here"));
  std::vector<std::string> ran;
  Result<std::string> output{
      std::string(R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"p","SessionToken":"t",)"
                  R"("Expiration":"2026-01-02T04:04:05Z"})")};
  run_ = [&](const std::vector<std::string>& argv, Time) {
    ran = argv;
    return output;
  };
  EXPECT_EQ(key(), "PROC/p/t");
  EXPECT_THAT(ran, ElementsAre("/opt/helper", "--name", "a b", "c\"d", "e f"));
  output = std::string(R"({"Version":2,"AccessKeyId":"PROC"})");
  EXPECT_THAT(complaint(), HasSubstr("version 1"));
  output = permanent(ErrorCode::kIo, "it ended with 3");
  EXPECT_THAT(complaint(), HasSubstr("it ended with 3"));
}

TEST_F(CredentialChainTest, TheCredentialsFileComesBeforeAProgramAndThatBeforeTheConfigFile) {
  run_ = [](const std::vector<std::string>&, Time) -> Result<std::string> {
    return std::string(R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"p"})");
  };
  home_.config(
      "[default]\ncredential_process=x\naws_access_key_id=CONF\n"
      "aws_secret_access_key=c\n");
  EXPECT_EQ(key(), "PROC/p/");
  home_.credentials("[default]\naws_access_key_id=FILE\naws_secret_access_key=f\n");
  EXPECT_EQ(key(), "FILE/f/");
}

TEST_F(CredentialChainTest, AContainerHasAService) {
  answer_ = [](const ReceivedRequest&) { return ScriptedAnswer{.body = kDocument}; };
  env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.url() + "/v2/x?y=1";
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic abc";
  EXPECT_EQ(key(), "META/m/t");
  EXPECT_THAT(targets(), ElementsAre("GET /v2/x?y=1"));
  EXPECT_EQ(server_.requests()[0].headers.at("authorization"), "Basic abc");
  home_.write("token", "from-file\n");
  env_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = home_.path("token");
  EXPECT_EQ(key(), "META/m/t");
  EXPECT_EQ(server_.requests()[1].headers.at("authorization"), "from-file");
  answer_ = [](const ReceivedRequest&) { return ScriptedAnswer{.status = 403}; };
  EXPECT_THAT(complaint(), HasSubstr("HTTP status 403"));
  for (const char* url : {"http://example.com/x", "http://127.0.0.1@example.com/", "ftp://x/"}) {
    env_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_THAT(complaint(), HasSubstr("without https")) << url;
  }
}

TEST_F(CredentialChainTest, AnInstanceHasARole) {
  env_.erase("AWS_EC2_METADATA_DISABLED");
  env_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url();
  answer_ = [](const ReceivedRequest& got) {
    if (got.method == "PUT") return ScriptedAnswer{.body = "imds-token"};
    if (got.target.ends_with("/")) return ScriptedAnswer{.body = "my-role"};
    return ScriptedAnswer{.body = kDocument};
  };
  const auto found = find();
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(found->key, (SigningKey{"META", "m", "t"}));
  EXPECT_EQ(found->expires, parse_time("2026-01-02T09:04:05.000Z"));
  EXPECT_THAT(targets(), ElementsAre("PUT /latest/api/token",
                                     "GET /latest/meta-data/iam/security-credentials/",
                                     "GET /latest/meta-data/iam/security-credentials/my-role"));
  EXPECT_EQ(server_.requests()[0].headers.at("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(server_.requests()[2].headers.at("x-aws-ec2-metadata-token"), "imds-token");
  answer_ = [](const ReceivedRequest& got) {
    return ScriptedAnswer{.status = got.method == "PUT" ? 200 : 404, .body = "x"};
  };
  EXPECT_THAT(complaint(), HasSubstr("this instance has no role"));
  env_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:" + std::to_string(closed_port());
  EXPECT_THAT(complaint(), HasSubstr("instance metadata did not answer"));
}

TEST_F(CredentialChainTest, ARoleMayStartFromTheInstance) {
  env_.erase("AWS_EC2_METADATA_DISABLED");
  env_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.url();
  home_.config("[default]\nrole_arn=arn:r\ncredential_source=Ec2InstanceMetadata\n");
  answer_ = [](const ReceivedRequest& got) {
    if (got.method == "PUT") return ScriptedAnswer{.body = "imds-token"};
    if (got.method == "POST") return ScriptedAnswer{.body = assumed("AssumeRole", "ROLE")};
    return ScriptedAnswer{.body = got.target.ends_with("/") ? "my-role" : kDocument};
  };
  EXPECT_EQ(key(), "ROLE/a/tok");
  EXPECT_THAT(server_.requests().back().headers.at("authorization"), HasSubstr("Credential=META/"));
}

TEST(CredentialDocumentTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "[]", "{}", R"({"AccessKeyId":"A"})", R"({"AccessKeyId":1,"SecretAccessKey":2})",
        R"({"AccessKeyId":"A","SecretAccessKey":"hunter2","Expiration":"soon"})",
        R"({"Code":"Failed","Message":"x","AccessKeyId":"A","SecretAccessKey":"hunter2"})"}) {
    const auto found = parse_credential_document(text, "it");
    ASSERT_FALSE(found.ok()) << text;
    EXPECT_EQ(found.error().code, ErrorCode::kCredentials);
    EXPECT_THAT(found.error().message, Not(HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace rayctl::aws
