#include "providers/gcp/tpu_body.h"

#include <gtest/gtest.h>

namespace rayctl::gcp {
namespace {

Json tpu(const Json& more = Json::object()) {
  Json config = {{"acceleratorType", "v2-8"}, {"runtimeVersion", "tpu-ubuntu2204-base"}};
  config.update(more);
  return config;
}

BodyFacts facts() {
  BodyFacts facts;
  facts.place = {"lab", "us-central1", {"us-central1-b"}};
  facts.zone = "us-central1-b";
  facts.name = "ray-demo-worker-1-tpu";
  facts.labels = {{"ray-cluster-name", "demo"}};
  facts.parts = {.ssh_keys = {"ubuntu:ssh-ed25519 AAAA ubuntu"},
                 .network = "projects/lab/global/networks/default",
                 .subnetwork = "projects/lab/regions/us-central1/subnetworks/default",
                 .external_address = true,
                 .network_tag = "rayctl-demo",
                 .service_account = "head@lab.iam.gserviceaccount.com"};
  return facts;
}

struct ShapeRow {
  Json config;
  std::string type;
  int chips, hosts;
};

// Ray's tpu_accelerator_config_to_type and get_num_tpu_visible_chips_per_host.
TEST(TpuShapes, AsRayCountsThem) {
  const auto of = [](const char* type, const char* topology) {
    return Json{{"acceleratorConfig", {{"type", type}, {"topology", topology}}}};
  };
  const std::vector<ShapeRow> rows = {
      {{{"acceleratorType", "v2-8"}}, "v2-8", 4, 1},
      {{{"acceleratorType", "v4-16"}}, "v4-16", 8, 2},
      {{{"acceleratorType", "v5p-8"}}, "v5p-8", 4, 1},
      {{{"acceleratorType", "v5litepod-1"}}, "v5litepod-1", 1, 1},
      {{{"acceleratorType", "v5litepod-8"}}, "v5litepod-8", 8, 1},
      {{{"acceleratorType", "v6e-16"}}, "v6e-16", 16, 4},
      {of("V4", "2x2x1"), "v4-8", 4, 1},
      {of("V4", "2x2x2"), "v4-16", 8, 2},
      {of("V5LITE_POD", "2x4"), "v5litepod-8", 8, 1},
      {of("V6E", "4x4"), "v6e-16", 16, 4},
  };
  for (const ShapeRow& row : rows) {
    const Result<TpuShape> shape = tpu_shape(row.config);
    ASSERT_TRUE(shape) << row.config;
    EXPECT_EQ(shape->type, row.type);
    EXPECT_EQ(shape->chips, row.chips) << row.type;
    EXPECT_EQ(shape->hosts(), row.hosts) << row.type;
  }
}

TEST(TpuBody, OfAPlainNode) {
  const Json wanted = {{"acceleratorType", "v2-8"},
                       {"runtimeVersion", "tpu-ubuntu2204-base"},
                       {"labels", {{"ray-cluster-name", "demo"}}},
                       {"metadata", {{"ssh-keys", "ubuntu:ssh-ed25519 AAAA ubuntu"}}},
                       {"tags", {"rayctl-demo"}},
                       {"networkConfig",
                        {{"network", "projects/lab/global/networks/default"},
                         {"subnetwork", "projects/lab/regions/us-central1/subnetworks/default"},
                         {"enableExternalIps", true}}}};
  EXPECT_EQ(tpu_body(tpu(), false, facts()), wanted);
}

TEST(TpuBody, RaysAccountsBecomeTheApis) {
  const Json own = tpu({{"serviceAccounts", {{{"email", "me@x"}, {"scopes", {"s"}}}}},
                        {"networkInterfaces", {{{"network", "n"}}}}});
  const Json seen = tpu_body(own, true, facts());
  EXPECT_EQ(seen["serviceAccount"], (Json{{"email", "me@x"}, {"scope", {"s"}}}));
  EXPECT_FALSE(seen.contains("serviceAccounts"));
  EXPECT_FALSE(seen.contains("networkInterfaces"));
  EXPECT_EQ(tpu_body(tpu(), true, facts())["serviceAccount"],
            (Json{{"email", "head@lab.iam.gserviceaccount.com"},
                  {"scope", {"https://www.googleapis.com/auth/cloud-platform"}}}));
  EXPECT_FALSE(tpu_body(tpu(), false, facts()).contains("serviceAccount"));
}

TEST(TpuBody, WhatTheFileSaysStays) {
  const Json own = tpu({{"networkConfig", {{"network", "n"}, {"enableExternalIps", false}}},
                        {"metadata", {{"ssh-keys", "me:ssh-rsa B me"}, {"count", 5}}},
                        {"tags", {"web"}},
                        {"labels", {{"team", 7}}}});
  const Json seen = tpu_body(own, false, facts());
  EXPECT_EQ(seen["networkConfig"], own["networkConfig"]);
  EXPECT_EQ(seen["metadata"], (Json{{"ssh-keys", "me:ssh-rsa B me\nubuntu:ssh-ed25519 AAAA ubuntu"},
                                    {"count", "5"}}));
  EXPECT_EQ(seen["tags"], (Json{"web", "rayctl-demo"}));
  EXPECT_EQ(seen["labels"], (Json{{"team", "7"}, {"ray-cluster-name", "demo"}}));
}

TEST(TpuBody, InsideOnlyAndOnDemand) {
  BodyFacts with = facts();
  with.parts.external_address = false;
  with.on_demand = true;
  const Json config = tpu({{"schedulingConfig", {{"preemptible", true}, {"reserved", false}}}});
  const Json seen = tpu_body(config, false, with);
  EXPECT_EQ(seen["networkConfig"]["enableExternalIps"], false);
  EXPECT_EQ(seen["schedulingConfig"], (Json{{"reserved", false}}));
  EXPECT_EQ(tpu_body(config, false, facts())["schedulingConfig"], config["schedulingConfig"]);
}

TEST(TpuBody, CompletedTwiceIsTheSame) {
  const Json done = completed_node_config(tpu(), true, facts().parts);
  EXPECT_TRUE(is_tpu(done));
  EXPECT_EQ(completed_node_config(done, true, facts().parts), done);
}

}  // namespace
}  // namespace rayctl::gcp
