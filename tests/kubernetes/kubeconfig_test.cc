#include "providers/kubernetes/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "base/files.h"
#include "net/ssh_key.h"

namespace rayctl::kubernetes {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kPem[] = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";

class KubeconfigTest : public testing::Test {
 public:
  KubeconfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kube-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~KubeconfigTest() override { std::filesystem::remove_all(folder_); }

 protected:
  Json plain() const {
    return {{"current-context", "dev"},
            {"contexts",
             {{{"name", "dev"},
               {"context", {{"cluster", "c"}, {"user", "u"}, {"namespace", "space"}}}}}},
            {"clusters", {{{"name", "c"}, {"cluster", {{"server", "https://one:6443/"}}}}}},
            {"users", {{{"name", "u"}, {"user", {{"token", "t"}}}}}}};
  }
  /// Every problem, one a line.
  static std::string told(const TargetChoice& choice) {
    std::string all;
    for (const Diagnostic& each : choice.problems)
      all += each.summary + "|" + each.remedy + "|" + (each.where ? each.where->file : "") + "\n";
    return all;
  }
  TargetChoice choose(const Json& document, const std::string& context = "") {
    return choose_target({{folder_ + "/config", document}}, context);
  }
  TargetChoice with_user(const Json& user) {
    Json document = plain();
    document["users"][0]["user"] = user;
    return choose(document);
  }
  TargetChoice with_cluster(const Json& cluster) {
    Json document = plain();
    document["clusters"][0]["cluster"] = cluster;
    return choose(document);
  }
  std::string folder_;
};

TEST_F(KubeconfigTest, TakesTheCurrentContext) {
  const TargetChoice choice = choose(plain());
  ASSERT_TRUE(choice.target) << told(choice);
  EXPECT_EQ(choice.target->context, "dev");
  EXPECT_EQ(choice.target->space, "space");
  EXPECT_EQ(choice.target->cluster.server, "https://one:6443");
  EXPECT_EQ(choice.target->user.token, "t");
  EXPECT_EQ(choice.target->user_name, "u");
  EXPECT_EQ(choice.target->source, folder_ + "/config");
}

TEST_F(KubeconfigTest, TheFirstFileThatSaysSomethingDecides) {
  const Json first = {{"users", {{{"name", "u"}, {"user", {{"token", "first"}}}}}},
                      {"clusters", nullptr}};
  Json second = plain();
  second["contexts"].push_back({{"name", "two"}, {"context", {{"cluster", "d"}, {"user", "u"}}}});
  Json third = plain();
  third["current-context"] = "two";
  third["clusters"] = {{{"name", "c"}, {"cluster", {{"server", "https://third"}}}},
                       {{"name", "d"}, {"cluster", {{"server", "https://d"}}}}};
  const std::vector<KubeconfigFile> files{{"/a", first}, {"/b", second}, {"/c", third}};
  const TargetChoice current = choose_target(files, "");
  ASSERT_TRUE(current.target) << told(current);
  EXPECT_EQ(current.target->context, "dev");
  EXPECT_EQ(current.target->user.token, "first");
  EXPECT_EQ(current.target->cluster.server, "https://one:6443");
  EXPECT_EQ(current.target->source, "/b");
  const TargetChoice two = choose_target(files, "two");
  ASSERT_TRUE(two.target) << told(two);
  EXPECT_EQ(two.target->cluster.server, "https://d");
  EXPECT_EQ(two.target->space, "default");
  EXPECT_EQ(context_names(files), (std::vector<std::string>{"dev", "two"}));
}

TEST_F(KubeconfigTest, RelativePathsStartAtTheFilesFolder) {
  std::filesystem::create_directory(folder_ + "/pki");
  for (const char* name : {"ca", "crt", "key", "token"})
    ASSERT_TRUE(write_file_atomic(folder_ + "/pki/" + name, kPem));
  Json document = plain();
  document["clusters"][0]["cluster"]["certificate-authority"] = "pki/ca";
  document["users"][0]["user"] = {
      {"client-certificate", "./pki/crt"},
      {"client-key", folder_ + "/pki/key"},
      {"tokenFile", "pki/token"},
      {"exec", {{"apiVersion", "client.authentication.k8s.io/v1"}, {"command", "bin/login"}}}};
  const TargetChoice choice = choose(document);
  ASSERT_TRUE(choice.target) << told(choice);
  EXPECT_EQ(choice.target->cluster.ca, kPem);
  EXPECT_EQ(choice.target->user.certificate_file, folder_ + "/pki/crt");
  EXPECT_EQ(choice.target->user.key_file, folder_ + "/pki/key");
  EXPECT_EQ(choice.target->user.token_file, folder_ + "/pki/token");
  EXPECT_EQ(choice.target->user.exec->command, folder_ + "/bin/login");
  document["users"][0]["user"]["exec"]["command"] = "login";
  EXPECT_EQ(choose(document).target->user.exec->command, "login");
}

TEST_F(KubeconfigTest, ReadsAllThatAClusterMaySay) {
  const TargetChoice choice = with_cluster(
      {{"server", "https://h/prefix"},
       {"certificate-authority-data", to_base64(kPem)},
       {"tls-server-name", "inner"},
       {"proxy-url", "socks5://p:1"},
       {"extensions",
        {{{"name", "client.authentication.k8s.io/exec"}, {"extension", {{"audience", "a"}}}}}}});
  ASSERT_TRUE(choice.target) << told(choice);
  const Cluster& cluster = choice.target->cluster;
  EXPECT_EQ(cluster.server, "https://h/prefix");
  EXPECT_EQ(cluster.ca, kPem);
  EXPECT_EQ(cluster.server_name, "inner");
  EXPECT_EQ(cluster.proxy, "socks5://p:1");
  EXPECT_EQ(cluster.exec_config, (Json{{"audience", "a"}}));
  EXPECT_FALSE(cluster.insecure);
  EXPECT_TRUE(with_cluster({{"server", "http://h"}, {"insecure-skip-tls-verify", true}})
                  .target->cluster.insecure);
}

TEST_F(KubeconfigTest, ReadsAllThatAUserMaySay) {
  const TargetChoice choice = with_user({{"username", "me"},
                                         {"password", "p"},
                                         {"as", "boss"},
                                         {"as-groups", {"g1", "g2"}},
                                         {"as-user-extra", {{"scopes/x", {"s"}}}}});
  ASSERT_TRUE(choice.target) << told(choice);
  EXPECT_EQ(choice.target->user.username, "me");
  EXPECT_EQ(choice.target->user.password, "p");
  EXPECT_EQ(choice.target->user.impersonate, (std::vector<std::pair<std::string, std::string>>{
                                                 {"Impersonate-User", "boss"},
                                                 {"Impersonate-Group", "g1"},
                                                 {"Impersonate-Group", "g2"},
                                                 {"Impersonate-Extra-scopes%2Fx", "s"}}));
}

TEST_F(KubeconfigTest, TellsAllProblemsAtOnce) {
  Json document = plain();
  document["clusters"][0]["cluster"] = {
      {"server", "one:6443"}, {"certificate-authority", "nowhere"}, {"proxy-url", 3}};
  document["users"][0]["user"] = {{"client-key-data", "%"},
                                  {"client-certificate-data", to_base64(kPem)},
                                  {"auth-provider", {{"name", "gcp"}}},
                                  {"exec", {{"apiVersion", "v1alpha1"}}}};
  const TargetChoice choice = choose(document);
  EXPECT_FALSE(choice.target);
  const std::string all = told(choice);
  EXPECT_THAT(all, AllOf(HasSubstr("no server with http"), HasSubstr(folder_ + "/nowhere"),
                         HasSubstr("`proxy-url` is not a text"), HasSubstr("not PEM in base64"),
                         HasSubstr("certificate without a key"), HasSubstr("auth-provider")));
  EXPECT_THAT(all, AllOf(HasSubstr("`v1alpha1`"), HasSubstr("no command"),
                         HasSubstr("|" + folder_ + "/config\n")));
  const Error error = target_error(choice.problems);
  EXPECT_EQ(error.fault, Fault::kPermanent);
  EXPECT_EQ(error.code, ErrorCode::kCredentials);
  EXPECT_THAT(error.message, AllOf(HasSubstr("; "), HasSubstr("(" + folder_ + "/config)")));
}

TEST_F(KubeconfigTest, SaysWhichContextsThereAre) {
  EXPECT_THAT(told(choose(plain(), "dew")), HasSubstr("Did you mean `dev`?"));
  EXPECT_THAT(told(choose(plain(), "something-else")), HasSubstr("There are: dev."));
  EXPECT_THAT(told(choose(Json::object())), HasSubstr("no current-context"));
  EXPECT_THAT(told(choose(Json::array())), HasSubstr("no kubeconfig"));
  Json document = plain();
  document["contexts"][0]["context"]["cluster"] = "cc";
  EXPECT_THAT(told(choose(document)),
              AllOf(HasSubstr("`cc`, which is not there"), HasSubstr("There are: c.")));
}

TEST_F(KubeconfigTest, APodHasItsServiceAccount) {
  ASSERT_TRUE(write_file_atomic(folder_ + "/ca.crt", kPem));
  ASSERT_TRUE(write_file_atomic(folder_ + "/token", "t\n"));
  ASSERT_TRUE(write_file_atomic(folder_ + "/namespace", "mine"));
  Environment env{{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  EXPECT_TRUE(is_in_cluster(env));
  const TargetChoice choice = in_cluster_target(env, folder_);
  ASSERT_TRUE(choice.target) << told(choice);
  EXPECT_EQ(choice.target->cluster.server, "https://10.0.0.1:443");
  EXPECT_EQ(choice.target->cluster.ca, kPem);
  EXPECT_EQ(choice.target->space, "mine");
  EXPECT_EQ(choice.target->user.token_file, folder_ + "/token");
  env["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ(in_cluster_target(env, folder_).target->cluster.server, "https://[fd00::1]:443");
  EXPECT_FALSE(is_in_cluster({}));
  const std::string all = told(in_cluster_target({}, folder_ + "/none"));
  EXPECT_THAT(all, AllOf(HasSubstr("KUBERNETES_SERVICE_HOST"), HasSubstr("none/ca.crt"),
                         HasSubstr("none/token")));
}

}  // namespace
}  // namespace rayctl::kubernetes
