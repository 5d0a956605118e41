#include "providers/kubernetes/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/files.h"
#include "tests/support/fake_clock.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const Time kStart = parse_time("2026-01-02T03:04:05.000Z");

class CredentialsTest : public testing::Test {
 public:
  CredentialsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "logins-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    places_.clock = &clock_;
    places_.target.user_name = "me";
    places_.target.source = "config";
    places_.env["PATH"] = folder_;
  }
  ~CredentialsTest() override { std::filesystem::remove_all(folder_); }

 protected:
  /// A plugin that is there and gives this.
  void plug(const Json& status) {
    ExecPlugin plugin;
    plugin.version = "client.authentication.k8s.io/v1";
    plugin.command = "login";
    plugin.args = {"--for", "me"};
    plugin.env["MORE"] = "x";
    places_.target.user.exec = plugin;
    ASSERT_TRUE(write_file_atomic(folder_ + "/login", "", 0700));
    answer_ = {{"kind", "ExecCredential"}, {"apiVersion", plugin.version}, {"status", status}};
    places_.run = [this](const std::vector<std::string>& argv, const Environment& env, Time) {
      ++runs_;
      argv_ = argv;
      env_ = env;
      return Result<std::string>(answer_.dump());
    };
  }
  Result<Login> get(Logins& logins) { return logins.get(clock_.now() + Millis{60'000}); }

  std::string folder_;
  FakeClock clock_;
  LoginPlaces places_;
  Json answer_;
  std::vector<std::string> argv_;
  Environment env_;
  int runs_ = 0;
};

TEST_F(CredentialsTest, TokenPasswordAndNothing) {
  User& user = places_.target.user;
  Logins nobody(places_);
  EXPECT_EQ(get(nobody)->authorization, "");
  user.username = "me";
  user.password = "pass";
  Logins basic(places_);
  EXPECT_EQ(get(basic)->authorization, "Basic bWU6cGFzcw==");
  user.token = "t";
  user.certificate = "C";
  user.key = "K";
  Logins all(places_);
  const auto login = get(all);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->authorization, "Bearer t");
  EXPECT_EQ(login->certificate + login->key, "CK");
  EXPECT_EQ(login->source, "user `me` of config");
}

TEST_F(CredentialsTest, FilesAreReadAgainAfterAMinuteAndARefusal) {
  const std::string file = folder_ + "/token";
  ASSERT_TRUE(write_file_atomic(file, "one\n"));
  places_.target.user.token = "not this";
  places_.target.user.token_file = file;
  Logins logins(places_);
  const auto first = get(logins);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->authorization, "Bearer one");
  ASSERT_TRUE(write_file_atomic(file, "two\n"));
  EXPECT_EQ(get(logins)->authorization, "Bearer one");
  clock_.turn(Millis{61'000});
  EXPECT_EQ(get(logins)->authorization, "Bearer two");
  ASSERT_TRUE(write_file_atomic(file, "three\n"));
  logins.reject(*first);
  EXPECT_EQ(get(logins)->authorization, "Bearer two") << "that one was not refused";
  logins.reject(*get(logins));
  EXPECT_EQ(get(logins)->authorization, "Bearer three");
  std::filesystem::remove(file);
  clock_.turn(Millis{61'000});
  EXPECT_EQ(get(logins)->authorization, "Bearer three") << "what was read last counts";
  logins.reject(*get(logins));
  const auto none = get(logins);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(none.error().message, HasSubstr(file));
}

TEST_F(CredentialsTest, APluginIsAskedOnceUntilItsAnswerExpires) {
  plug({{"token", "one"}, {"expirationTimestamp", "2026-01-02T05:34:05+02:00"}});
  Logins logins(places_);
  const auto login = get(logins);
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->authorization, "Bearer one");
  EXPECT_EQ(argv_, (std::vector<std::string>{folder_ + "/login", "--for", "me"}));
  EXPECT_EQ(env_["MORE"], "x");
  EXPECT_EQ(env_["PATH"], folder_);
  EXPECT_EQ(Json::parse(env_["KUBERNETES_EXEC_INFO"]),
            (Json{{"kind", "ExecCredential"},
                  {"apiVersion", "client.authentication.k8s.io/v1"},
                  {"spec", {{"interactive", false}}}}));
  clock_.turn(Millis{29 * 60'000});
  EXPECT_TRUE(get(logins));
  EXPECT_EQ(runs_, 1);
  clock_.turn(Millis{60'000});
  answer_["status"] = {{"clientCertificateData", "C"}, {"clientKeyData", "K"}};
  const auto certificate = get(logins);
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_EQ(certificate->authorization + certificate->certificate + certificate->key, "CK");
  clock_.turn(Millis{48LL * 3600 * 1000});
  EXPECT_TRUE(get(logins));
  EXPECT_EQ(runs_, 2);
  logins.reject(*certificate);
  EXPECT_TRUE(get(logins));
  EXPECT_EQ(runs_, 3);
}

TEST_F(CredentialsTest, APluginIsToldOfTheClusterIfItAsks) {
  ExecPlugin plugin;
  plugin.version = "client.authentication.k8s.io/v1beta1";
  plugin.give_cluster = true;
  Cluster cluster;
  cluster.server = "https://h";
  cluster.ca = "pem";
  cluster.server_name = "inner";
  cluster.exec_config = {{"a", 1}};
  EXPECT_EQ(plugin_question(plugin, cluster), (Json{{"kind", "ExecCredential"},
                                                    {"apiVersion", plugin.version},
                                                    {"spec",
                                                     {{"interactive", false},
                                                      {"cluster",
                                                       {{"server", "https://h"},
                                                        {"certificate-authority-data", "cGVt"},
                                                        {"tls-server-name", "inner"},
                                                        {"config", {{"a", 1}}}}}}}}));
}

TEST_F(CredentialsTest, WhatAPluginMustNotAnswer) {
  plug({{"token", "secret-token"}});
  const auto wrong = [&](const Json& answer) {
    const auto login = read_plugin_answer(answer.dump(), *places_.target.user.exec, "plugin");
    EXPECT_FALSE(login);
    return login ? "" : login.error().message;
  };
  EXPECT_THAT(wrong(Json("text")), HasSubstr("did not print"));
  Json other = answer_;
  other["apiVersion"] = "client.authentication.k8s.io/v1beta1";
  EXPECT_THAT(wrong(other), AllOf(HasSubstr("v1beta1"), Not(HasSubstr("secret-token"))));
  other = answer_;
  other.erase("status");
  EXPECT_THAT(wrong(other), HasSubstr("no status"));
  other["status"] = Json::object();
  EXPECT_THAT(wrong(other), HasSubstr("neither"));
  other["status"] = {{"clientKeyData", "K"}};
  EXPECT_THAT(wrong(other), HasSubstr("only one"));
  other["status"] = {{"token", "t"}, {"expirationTimestamp", "tomorrow"}};
  EXPECT_THAT(wrong(other), HasSubstr("tomorrow"));
}

TEST_F(CredentialsTest, AMissingPluginSaysHowItIsInstalled) {
  plug({{"token", "t"}});
  std::filesystem::remove(folder_ + "/login");
  places_.target.user.exec->install_hint = "Run install-login.\n";
  Logins logins(places_);
  const auto none = get(logins);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(none.error().message,
              AllOf(HasSubstr("`login`"), HasSubstr("not installed"), HasSubstr("install-login.")));
  EXPECT_EQ(runs_, 0);
}

TEST_F(CredentialsTest, AFailingPluginIsACredentialError) {
  plug({});
  places_.run = [](const std::vector<std::string>&, const Environment&, Time) {
    return Result<std::string>(permanent(ErrorCode::kCommandFailed, "exit code 1: log in first"));
  };
  Logins logins(places_);
  const auto none = get(logins);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(none.error().message, HasSubstr("log in first"));
}

}  // namespace
}  // namespace rayctl::kubernetes
