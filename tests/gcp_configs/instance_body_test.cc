#include "providers/gcp/instance_body.h"

#include <gtest/gtest.h>

namespace rayctl::gcp {
namespace {

Json machine(const Json& more = Json::object()) {
  Json config = {{"machineType", "n1-standard-2"},
                 {"disks",
                  {{{"boot", true},
                    {"autoDelete", true},
                    {"initializeParams", {{"diskSizeGb", 50}, {"sourceImage", "image"}}}}}}};
  config.update(more);
  return config;
}

BodyFacts facts() {
  BodyFacts facts;
  facts.place = {"lab", "us-west1", {"us-west1-a", "us-west1-b"}};
  facts.zone = "us-west1-b";
  facts.name = "ray-demo-worker-1-compute";
  facts.labels = {{"ray-cluster-name", "demo"}};
  facts.parts = {.ssh_keys = {"ubuntu:ssh-ed25519 AAAA ubuntu"},
                 .network = "projects/lab/global/networks/default",
                 .subnetwork = "projects/lab/regions/us-west1/subnetworks/default",
                 .external_address = true,
                 .network_tag = "rayctl-demo",
                 .service_account = "head@lab.iam.gserviceaccount.com"};
  return facts;
}

Json body(const Json& config, bool head = false) {
  return instance_body(config, head, facts());
}

TEST(InstanceBody, OfAPlainMachine) {
  const Json wanted = {
      {"name", "ray-demo-worker-1-compute"},
      {"machineType", "zones/us-west1-b/machineTypes/n1-standard-2"},
      {"disks",
       {{{"boot", true},
         {"autoDelete", true},
         {"initializeParams",
          {{"diskSizeGb", "50"},
           {"sourceImage", "image"},
           {"labels", {{"ray-cluster-name", "demo"}}}}}}}},
      {"labels", {{"ray-cluster-name", "demo"}}},
      {"metadata",
       {{"items", {{{"key", "ssh-keys"}, {"value", "ubuntu:ssh-ed25519 AAAA ubuntu"}}}}}},
      {"tags", {{"items", {"rayctl-demo"}}}},
      {"networkInterfaces",
       {{{"network", "projects/lab/global/networks/default"},
         {"subnetwork", "projects/lab/regions/us-west1/subnetworks/default"},
         {"accessConfigs", {{{"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}}}}}}}};
  EXPECT_EQ(body(machine()), wanted);
}

TEST(InstanceBody, OnlyTheHeadGetsTheAccountAndNotOverItsOwn) {
  EXPECT_FALSE(body(machine()).contains("serviceAccounts"));
  const Json wanted = {{{"email", "head@lab.iam.gserviceaccount.com"},
                        {"scopes", {"https://www.googleapis.com/auth/cloud-platform"}}}};
  EXPECT_EQ(body(machine(), true)["serviceAccounts"], wanted);
  const Json own = {{{"email", "own@lab.iam.gserviceaccount.com"}, {"scopes", {"s"}}}};
  EXPECT_EQ(body(machine({{"serviceAccounts", own}}), true)["serviceAccounts"], own);
}

TEST(InstanceBody, TypesAreOfTheZoneWhateverWayTheyAreWritten) {
  Json config = machine({{"machineType", "zones/us-west1-a/machineTypes/n1-standard-4"}});
  config["guestAccelerators"] = {
      {{"acceleratorType", "nvidia-tesla-t4"}, {"acceleratorCount", 1}},
      {{"acceleratorType", "projects/lab/zones/us-west1-a/acceleratorTypes/nvidia-l4"},
       {"acceleratorCount", 2}}};
  config["disks"].push_back({{"initializeParams", {{"diskType", "pd-ssd"}}}});
  config["disks"].push_back(
      {{"initializeParams", {{"diskType", "projects/lab/zones/us-west1-a/diskTypes/pd-ssd"}}}});
  config["disks"].push_back(
      {{"initializeParams", {{"diskType", "regions/us-west1/diskTypes/pd-ssd"}}}});
  config["disks"].push_back({{"source", "zones/us-west1-b/disks/data"}});
  const Json seen = body(config);
  EXPECT_EQ(seen["machineType"], "zones/us-west1-b/machineTypes/n1-standard-4");
  const std::string before = "projects/lab/zones/us-west1-b/acceleratorTypes/";
  EXPECT_EQ(seen["guestAccelerators"][0]["acceleratorType"], before + "nvidia-tesla-t4");
  EXPECT_EQ(seen["guestAccelerators"][1]["acceleratorType"], before + "nvidia-l4");
  const std::string ssd = "zones/us-west1-b/diskTypes/pd-ssd";
  EXPECT_EQ(seen["disks"][1]["initializeParams"]["diskType"], ssd);
  EXPECT_EQ(seen["disks"][2]["initializeParams"]["diskType"], ssd);
  EXPECT_EQ(seen["disks"][3]["initializeParams"]["diskType"], "regions/us-west1/diskTypes/pd-ssd");
  EXPECT_EQ(seen["disks"][4]["source"], "zones/us-west1-b/disks/data");
}

TEST(InstanceBody, WhatIsRaysOwnIsNotSent) {
  const Json seen = body(machine({{"sourceInstanceTemplate", "global/instanceTemplates/w"},
                                  {"networkConfig", {{"subnetwork", "s"}}}}));
  EXPECT_FALSE(seen.contains("sourceInstanceTemplate"));
  EXPECT_FALSE(seen.contains("networkConfig"));
}

TEST(InstanceBody, OurLabelsOverThoseOfTheFileAndAllAsText) {
  const Json seen = body(machine(
      {{"labels", {{"team", "a"}, {"cost", 5}, {"gpu", true}, {"ray-cluster-name", "x"}}}}));
  const Json wanted = {{"team", "a"}, {"cost", "5"}, {"gpu", "true"}, {"ray-cluster-name", "demo"}};
  EXPECT_EQ(seen["labels"], wanted);
}

TEST(InstanceBody, KeysAndTagsAreAddedToThoseOfTheFile) {
  const Json seen = body(machine(
      {{"metadata",
        {{"items",
          {{{"key", "ssh-keys"}, {"value", "me:ssh-rsa BBBB me\nubuntu:ssh-ed25519 AAAA ubuntu\n"}},
           {{"key", "enable-oslogin"}, {"value", false}}}}}},
       {"tags", {{"items", {"web"}}}}}));
  const Json items = {
      {{"key", "ssh-keys"}, {"value", "me:ssh-rsa BBBB me\nubuntu:ssh-ed25519 AAAA ubuntu"}},
      {{"key", "enable-oslogin"}, {"value", "false"}}};
  EXPECT_EQ(seen["metadata"]["items"], items);
  EXPECT_EQ(seen["tags"]["items"], (Json{"web", "rayctl-demo"}));
}

TEST(InstanceBody, InterfacesOfTheFileStay) {
  const Json own = {{{"subnetwork", "projects/other/regions/us-west1/subnetworks/s"}}};
  const Json seen = body(machine({{"networkInterfaces", own}}));
  EXPECT_EQ(seen["networkInterfaces"], own);
  EXPECT_EQ(seen["tags"]["items"], Json{"rayctl-demo"});
}

TEST(InstanceBody, WithoutAddressesOutside) {
  BodyFacts inside = facts();
  inside.parts.external_address = false;
  const Json seen = instance_body(machine(), false, inside);
  EXPECT_FALSE(seen["networkInterfaces"][0].contains("accessConfigs"));
}

TEST(InstanceBody, NothingIsAddedWhereThereIsNothing) {
  BodyFacts bare = facts();
  bare.parts = {};
  const Json seen = instance_body(machine(), true, bare);
  for (const char* key : {"metadata", "tags", "networkInterfaces", "serviceAccounts", "scheduling"})
    EXPECT_FALSE(seen.contains(key)) << key;
}

TEST(InstanceBody, SixtyFourBitsAreText) {
  Json config = machine({{"scheduling", {{"maxRunDuration", {{"seconds", 3600}}}}}});
  config["disks"][0]["diskSizeGb"] = 70;
  config["disks"][0]["initializeParams"]["provisionedIops"] = 5000;
  config["disks"][0]["initializeParams"]["provisionedThroughput"] = "200";
  config["guestAccelerators"] = {{{"acceleratorType", "nvidia-l4"}, {"acceleratorCount", 1}}};
  const Json seen = body(config);
  EXPECT_EQ(seen["disks"][0]["diskSizeGb"], "70");
  EXPECT_EQ(seen["disks"][0]["initializeParams"]["provisionedIops"], "5000");
  EXPECT_EQ(seen["disks"][0]["initializeParams"]["provisionedThroughput"], "200");
  EXPECT_EQ(seen["scheduling"]["maxRunDuration"]["seconds"], "3600");
  EXPECT_EQ(seen["guestAccelerators"][0]["acceleratorCount"], 1) << "32 bits";
}

struct SchedulingRow {
  const char* about;
  Json config;
  bool on_demand;
  Json wanted;  ///< null: none is sent
};

TEST(InstanceBody, Scheduling) {
  const Json gpu = {{{"acceleratorType", "nvidia-l4"}, {"acceleratorCount", 1}}};
  const Json spot = {{"provisioningModel", "SPOT"}, {"instanceTerminationAction", "DELETE"}};
  const Json ended = {
      {"preemptible", true}, {"automaticRestart", false}, {"onHostMaintenance", "TERMINATE"}};
  const std::vector<SchedulingRow> rows = {
      {"none", machine(), false, Json()},
      {"Ray's list", machine({{"scheduling", Json::array({{{"preemptible", true}}})}}), false,
       ended},
      {"the API's map", machine({{"scheduling", {{"preemptible", true}}}}), false, ended},
      {"spot",
       machine({{"scheduling", spot}}),
       false,
       {{"provisioningModel", "SPOT"},
        {"instanceTerminationAction", "DELETE"},
        {"automaticRestart", false},
        {"onHostMaintenance", "TERMINATE"}}},
      {"what the file says stays",
       machine({{"scheduling", {{"preemptible", true}, {"automaticRestart", true}}}}),
       false,
       {{"preemptible", true}, {"automaticRestart", true}, {"onHostMaintenance", "TERMINATE"}}},
      {"on demand of preemptible", machine({{"scheduling", {{"preemptible", true}}}}), true,
       Json()},
      {"on demand of spot", machine({{"scheduling", spot}}), true, Json()},
      {"a limited life stays",
       machine({{"scheduling",
                 {{"provisioningModel", "SPOT"},
                  {"instanceTerminationAction", "DELETE"},
                  {"terminationTime", "2027-01-01T00:00:00Z"}}}}),
       true,
       {{"instanceTerminationAction", "DELETE"}, {"terminationTime", "2027-01-01T00:00:00Z"}}},
      {"a GPU", machine({{"guestAccelerators", gpu}}), false, {{"onHostMaintenance", "TERMINATE"}}},
      {"a GPU of the type",
       machine({{"machineType", "g2-standard-4"}}),
       false,
       {{"onHostMaintenance", "TERMINATE"}}},
      {"a GPU on demand",
       machine({{"guestAccelerators", gpu}, {"scheduling", {{"preemptible", true}}}}),
       true,
       {{"onHostMaintenance", "TERMINATE"}}},
  };
  for (const SchedulingRow& row : rows) {
    BodyFacts with = facts();
    with.on_demand = row.on_demand;
    const Json seen = instance_body(row.config, false, with);
    EXPECT_EQ(seen.value("scheduling", Json()), row.wanted) << row.about;
  }
}

// A list of a body replaces the template's, a map is merged into it.
TEST(InstanceBody, WhatATemplateGivesIsKept) {
  BodyFacts with = facts();
  with.template_properties = {
      {"machineType", "a2-highgpu-1g"},
      {"metadata", {{"items", {{{"key", "k"}, {"value", "v"}}}}}},
      {"tags", {{"items", {"theirs"}}}},
      {"networkInterfaces", {{{"network", "theirs"}}}},
      {"serviceAccounts", {{{"email", "theirs"}}}},
      {"scheduling", {{"provisioningModel", "SPOT"}, {"automaticRestart", false}}}};
  const Json config = {{"sourceInstanceTemplate", "global/instanceTemplates/w"}};
  Json seen = instance_body(config, true, with);
  const Json items = {{{"key", "k"}, {"value", "v"}},
                      {{"key", "ssh-keys"}, {"value", "ubuntu:ssh-ed25519 AAAA ubuntu"}}};
  EXPECT_EQ(seen["metadata"]["items"], items);
  EXPECT_EQ(seen["tags"]["items"], (Json{"theirs", "rayctl-demo"}));
  EXPECT_FALSE(seen.contains("networkInterfaces"));
  EXPECT_FALSE(seen.contains("serviceAccounts"));
  EXPECT_FALSE(seen.contains("machineType"));
  EXPECT_EQ(seen["scheduling"], (Json{{"onHostMaintenance", "TERMINATE"}}));
  with.on_demand = true;
  seen = instance_body(config, true, with);
  EXPECT_EQ(seen["scheduling"]["provisioningModel"], "STANDARD");
  EXPECT_EQ(seen["scheduling"]["preemptible"], false);
}

TEST(CompletedNodeConfig, KeepsTheConfigsOwnWords) {
  const Json config =
      machine({{"scheduling", Json::array({{{"preemptible", true}}})}, {"labels", {{"a", "b"}}}});
  const Json done = completed_node_config(config, true, facts().parts);
  for (const auto& [key, value] : config.items())
    EXPECT_EQ(done[key], value) << key;
  for (const char* key : {"metadata", "tags", "networkInterfaces", "serviceAccounts"})
    EXPECT_TRUE(done.contains(key)) << key;
  EXPECT_EQ(completed_node_config(done, true, facts().parts), done) << "once more adds nothing";
  EXPECT_EQ(completed_node_config(config, true, LaunchParts{}), config);
}

}  // namespace
}  // namespace rayctl::gcp
