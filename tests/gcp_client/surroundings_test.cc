#include "providers/gcp/surroundings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "providers/gcp/endpoint.h"
#include "tests/gcp_client/home.h"

namespace rayctl::gcp {
namespace {

using ::testing::HasSubstr;

TEST(SurroundingsTest, APropertyIsThatOfTheActiveConfiguration) {
  const Home home;
  Environment env = home.env();
  const auto project = [&] { return *gcloud_property(env, "core", "project"); };
  EXPECT_EQ(project(), "");
  home.config("default", "[core]\nproject = first\n");
  home.config("work", "# mine\n[compute]\nproject = no\n[core]\nproject=second\n");
  EXPECT_EQ(project(), "first");
  home.write(".config/gcloud/active_config", "work\n");
  EXPECT_EQ(project(), "second");
  env["CLOUDSDK_ACTIVE_CONFIG_NAME"] = "default";
  EXPECT_EQ(project(), "first");
  env["CLOUDSDK_CORE_PROJECT"] = "third";
  EXPECT_EQ(project(), "third");
}

TEST(SurroundingsTest, AFileThatCannotBeReadIsAnError) {
  const Home home;
  (void)make_directories(home.path(".config/gcloud/configurations/config_default"));
  const Result<std::string> found = gcloud_property(home.env(), "core", "project");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kCredentials);
  EXPECT_THAT(found.error().message, HasSubstr("config_default"));
}

TEST(EndpointTest, ServicesAreGooglesOrWhereGcloudSays) {
  const Home home;
  Environment env = home.env();
  EXPECT_EQ(*base_of(Service::kCompute, env), "https://compute.googleapis.com/compute/v1/");
  EXPECT_EQ(*base_of(Service::kIam, env), "https://iam.googleapis.com/v1/");
  EXPECT_EQ(*base_of(Service::kResourceManager, env),
            "https://cloudresourcemanager.googleapis.com/v1/");
  EXPECT_EQ(*base_of(Service::kTpu, env), "https://tpu.googleapis.com/v2/");
  EXPECT_EQ(*base_of_credentials(env), "https://iamcredentials.googleapis.com/v1/");
  env["CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE"] = "http://host:1/compute/v1/";
  env["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"] = "http://v1.host/";
  env["CLOUDSDK_API_ENDPOINT_OVERRIDES_TPU"] = "http://host:1/v2alpha1";
  home.config("default", "[api_endpoint_overrides]\ncloudresourcemanager = https://psc/\n");
  EXPECT_EQ(*base_of(Service::kCompute, env), "http://host:1/compute/v1/");
  EXPECT_EQ(*base_of(Service::kIam, env), "http://v1.host/v1/");
  EXPECT_EQ(*base_of(Service::kTpu, env), "http://host:1/v2alpha1/");
  EXPECT_EQ(*base_of(Service::kResourceManager, env), "https://psc/v1/");
}

}  // namespace
}  // namespace rayctl::gcp
