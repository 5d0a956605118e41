#include "config/bootstrap.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

constexpr char kYaml[] = R"(
cluster_name: demo
max_workers: 4
provider: {type: aws, region: us-west-2, rayctl: {autoscaler: ray}}
auth: {ssh_user: ubuntu, ssh_private_key: ~/.ssh/a.pem, ssh_proxy_command: nc proxy}
docker: {image: img, container_name: ray, worker_run_options: [-e PASSWORD=hunter22]}
available_node_types:
  head: {resources: {CPU: 1.5}, node_config: {InstanceType: m5.large}}
  gpu:
    min_workers: 3
    max_workers: 3
    resources: {GPU: 1}
    labels: {zone: a}
    idle_timeout_s: 30
    priority: 3
    node_config: {InstanceType: p3.2xlarge, UserData: "secret things"}
    docker: {worker_image: gpu-img}
    worker_setup_commands: [own]
  cpu: {min_workers: 3, node_config: {InstanceType: m5.large}}
head_node_type: head
setup_commands: [one, "login secret://env/KEY"]
head_setup_commands: [two]
worker_setup_commands: [three]
head_start_ray_commands: ["ray start --head --autoscaling-config=~/ray_bootstrap_config.yaml"]
)";

Json bootstrap(const std::string& yaml) {
  return Json::parse(bootstrap_config(good(yaml), "key"));
}

TEST(Bootstrap, IsWhatTheFileSaysWithDefaultsAndWithoutOurKeys) {
  const Json all = bootstrap(kYaml);
  EXPECT_FALSE(all.contains("rayctl"));
  EXPECT_EQ(all["provider"], (Json{{"type", "aws"}, {"region", "us-west-2"}}));
  EXPECT_EQ(all["auth"],
            (Json{{"ssh_user", "ubuntu"}, {"ssh_private_key", "~/ray_bootstrap_key.pem"}}));
  EXPECT_EQ(all["head_node_type"], "head");
  EXPECT_EQ(all["available_node_types"]["head"]["resources"]["CPU"], 1.5);
  const Json& gpu = all["available_node_types"]["gpu"];
  EXPECT_EQ(gpu["docker"], (Json{{"worker_image", "gpu-img"}}));
  EXPECT_EQ(gpu["labels"]["zone"], "a");
  EXPECT_EQ(gpu["worker_setup_commands"], Json{"own"});
  EXPECT_FALSE(gpu.contains("idle_timeout_s"));
  EXPECT_FALSE(gpu.contains("priority"));
  EXPECT_FALSE(all["available_node_types"]["cpu"].contains("worker_setup_commands"));
  EXPECT_EQ(all["head_start_ray_commands"][0],
            "ray start --head --autoscaling-config=~/ray_bootstrap_config.yaml");
}

TEST(Bootstrap, RunsSetUpOnceWhoeverMergesIt) {
  const Json all = bootstrap(kYaml);
  EXPECT_TRUE(all["setup_commands"].empty());
  EXPECT_EQ(all["head_setup_commands"], (Json{"one", "login secret://env/KEY", "two"}));
  EXPECT_EQ(all["worker_setup_commands"], (Json{"one", "login secret://env/KEY", "three"}));
}

TEST(Bootstrap, NeverAsksForMoreThanTheMaximum) {
  const Json all = bootstrap(kYaml);
  EXPECT_EQ(all["available_node_types"]["gpu"]["min_workers"], 3);
  EXPECT_EQ(all["available_node_types"]["cpu"]["min_workers"], 1);
}

TEST(Bootstrap, HoldsNoSecret) {
  const std::string text = bootstrap_config(good(kYaml), "key");
  EXPECT_EQ(text.find("hunter22"), std::string::npos);
  EXPECT_EQ(text.find("secret things"), std::string::npos);
}

TEST(Bootstrap, OfPrivateHostsHasRaysOneNodeType) {
  const Json all = bootstrap(
      "cluster_name: demo\nprovider: {type: local, head_ip: 10.0.0.1, worker_ips: [10.0.0.2]}\n"
      "auth: {ssh_user: ubuntu}\n");
  EXPECT_EQ(all["head_node_type"], "local.cluster.node");
  ASSERT_EQ(all["available_node_types"].size(), 1U);
  EXPECT_EQ(all["available_node_types"]["local.cluster.node"]["max_workers"], 1);
}

/// The schema is Ray's own; what it has no key for, it refuses (ray#59905).
void expect_known(const Json& schema, const Json& value, const std::string& path) {
  const auto properties = schema.find("properties");
  const auto patterns = schema.find("patternProperties");
  const bool closed = schema.value("additionalProperties", Json(true)) == Json(false);
  if (!value.is_object()) return;
  for (const auto& [key, each] : value.items()) {
    if (properties != schema.end() && properties->contains(key)) {
      expect_known((*properties)[key], each, path + "." + key);
    } else if (patterns != schema.end() && !patterns->empty()) {
      expect_known(patterns->begin().value(), each, path + "." + key);
    } else {
      EXPECT_FALSE(closed) << path << " has no key " << key;
    }
  }
}

TEST(Bootstrap, HasOnlyKeysThatRay29And260Have_ray59905) {
  const char* wheels = std::getenv("RAYCTL_RAY_WHEELS");
  ASSERT_NE(wheels, nullptr) << "run it by tools/in_env.sh";
  for (const char* version : {"2.9.3", "2.60.0"}) {
    const auto path = std::filesystem::path(wheels) / version / "ray/autoscaler/ray-schema.json";
    const Result<std::string> text = read_file(path);
    ASSERT_TRUE(text) << path << " is not there. Run ./dev setup";
    expect_known(Json::parse(*text), bootstrap(kYaml), version);
  }
}

}  // namespace
}  // namespace rayctl
