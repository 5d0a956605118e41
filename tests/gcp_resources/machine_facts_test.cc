#include "providers/gcp/machine_facts.h"

#include <gtest/gtest.h>

#include "providers/gcp/ray_launch.h"

namespace rayctl::gcp {
namespace {

const std::string kBase = "https://www.googleapis.com/compute/v1/projects/p/";

Json usual_machine() {
  return {{"machineType", kBase + "zones/us-west1-a/machineTypes/n1-standard-2"},
          {"zone", kBase + "zones/us-west1-a"},
          {"disks",
           {{{"boot", true},
             {"autoDelete", true},
             {"type", "PERSISTENT"},
             {"source", kBase + "zones/us-west1-a/disks/d"}}}},
          {"scheduling",
           {{"automaticRestart", true},
            {"onHostMaintenance", "MIGRATE"},
            {"preemptible", false},
            {"provisioningModel", "STANDARD"}}},
          {"networkInterfaces",
           {{{"network", kBase + "global/networks/default"},
             {"subnetwork", kBase + "regions/us-west1/subnetworks/default"},
             {"networkIP", "10.138.0.2"},
             {"accessConfigs", {{{"natIP", "203.0.113.9"}}}}}}},
          {"labels", {{"ray-cluster-name", "demo"}, {"rayctl-node", "head-1"}}},
          {"tags", {{"items", {"ray-demo-1"}}, {"fingerprint", "x"}}}};
}

std::map<std::string, Json> disks() {
  return {{"us-west1-a/d",
           {{"name", "d"},
            {"zone", kBase + "zones/us-west1-a"},
            {"sizeGb", "50"},
            {"type", kBase + "zones/us-west1-a/diskTypes/pd-standard"},
            {"sourceImage",
             "https://www.googleapis.com/compute/v1/projects/debian-cloud/global/images/d12"}}}};
}

TEST(MachineFacts, AUsualMachineIsAShortConfig) {
  EXPECT_EQ(node_config_of(usual_machine(), disks(), "ray-demo-1"),
            (Json{{"machineType", "n1-standard-2"},
                  {"disks",
                   {{{"boot", true},
                     {"autoDelete", true},
                     {"type", "PERSISTENT"},
                     {"initializeParams",
                      {{"diskSizeGb", 50},
                       {"sourceImage", "projects/debian-cloud/global/images/d12"}}}}}}}));
}

TEST(MachineFacts, WhatIsUnusualIsSaid) {
  Json machine = usual_machine();
  machine["scheduling"]["preemptible"] = true;
  machine["scheduling"]["onHostMaintenance"] = "TERMINATE";
  machine["serviceAccounts"] = {{{"email", "a@p"}, {"scopes", {"s"}}}};
  machine["guestAccelerators"] = {
      {{"acceleratorType", kBase + "zones/us-west1-a/acceleratorTypes/nvidia-tesla-t4"},
       {"acceleratorCount", 2}}};
  machine["networkInterfaces"][0]["network"] = kBase + "global/networks/vpc";
  machine["labels"]["team"] = "ml";
  machine["tags"]["items"].push_back("web");
  std::map<std::string, Json> there = disks();
  there["us-west1-a/d"]["type"] = kBase + "zones/us-west1-a/diskTypes/pd-ssd";
  const Json config = node_config_of(machine, there, "ray-demo-1");
  EXPECT_EQ(config["scheduling"],
            (Json{{"preemptible", true}, {"onHostMaintenance", "TERMINATE"}}));
  EXPECT_EQ(config["serviceAccounts"][0]["email"], "a@p");
  EXPECT_EQ(config["guestAccelerators"],
            (Json{{{"acceleratorType", "nvidia-tesla-t4"}, {"acceleratorCount", 2}}}));
  EXPECT_EQ(config["networkInterfaces"],
            (Json{{{"network", "projects/p/global/networks/vpc"},
                   {"subnetwork", "projects/p/regions/us-west1/subnetworks/default"},
                   {"accessConfigs", {{{"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}}}}}}));
  EXPECT_EQ(config["labels"], (Json{{"team", "ml"}}));
  EXPECT_EQ(config["tags"], (Json{{"items", {"web"}}}));
  EXPECT_EQ(config["disks"][0]["initializeParams"]["diskType"],
            "zones/us-west1-a/diskTypes/pd-ssd");
}

TEST(MachineFacts, AnyJsonIsTaken) {
  EXPECT_EQ(node_config_of(Json::object(), {}, ""), (Json{{"machineType", ""}}));
  EXPECT_EQ(node_config_of({{"disks", {Json::object()}}}, {}, "")["disks"].size(), 1U);
}

TEST(RayFillings, AreThoseOfItsBootstrap) {
  const RayFilling filling{
      .project = "p", .head = true, .networks_given = false, .subnetwork = "https://s"};
  const Json filled = filled_by_ray({{"machineType", "n1-standard-2"}}, filling);
  EXPECT_EQ(filled,
            (Json{{"machineType", "n1-standard-2"},
                  {"serviceAccounts",
                   {{{"email", "ray-autoscaler-sa-v1@p.iam.gserviceaccount.com"},
                     {"scopes", {"https://www.googleapis.com/auth/cloud-platform"}}}}},
                  {"networkInterfaces",
                   {{{"subnetwork", "https://s"},
                     {"accessConfigs", {{{"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}}}}}}},
                  {"networkConfig", {{"subnetwork", "https://s"}}}}));
}

TEST(RayFillings, LeaveWhatTheFileSays) {
  RayFilling filling{
      .project = "p", .head = true, .networks_given = false, .subnetwork = "https://s"};
  const Json own{{"serviceAccounts", {{{"email", "a@p"}}}},
                 {"networkInterfaces", {{{"network", "n"}}}},
                 {"networkConfig", {{"network", "n"}}}};
  EXPECT_EQ(filled_by_ray(own, filling), own);
  filling.networks_given = true;
  filling.head = false;
  EXPECT_EQ(filled_by_ray(Json::object(), filling), Json::object());
}

}  // namespace
}  // namespace rayctl::gcp
