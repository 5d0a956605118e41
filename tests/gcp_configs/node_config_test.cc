#include "providers/gcp/node_config.h"

#include <gtest/gtest.h>

#include <vector>

namespace rayctl::gcp {
namespace {

const Json kDisks = {{{"boot", true}, {"initializeParams", {{"sourceImage", "i"}}}}};

Json machine(const Json& more = Json::object()) {
  Json config = {{"machineType", "n1-standard-2"}, {"disks", kDisks}};
  config.update(more);
  return config;
}

Json tpu(const Json& more = Json::object()) {
  Json config = {{"acceleratorType", "v4-8"}, {"runtimeVersion", "tpu-ubuntu2204-base"}};
  config.update(more);
  return config;
}

TEST(NodeConfig, SpotInEachOfItsForms) {
  EXPECT_TRUE(is_spot({{"scheduling", {{"preemptible", true}}}}));
  EXPECT_TRUE(is_spot({{"scheduling", Json::array({{{"preemptible", true}}})}})) << "Ray's form";
  EXPECT_TRUE(is_spot({{"scheduling", {{"provisioningModel", "SPOT"}}}}));
  EXPECT_TRUE(is_spot(tpu({{"schedulingConfig", {{"preemptible", true}}}})));
  EXPECT_TRUE(is_spot(tpu({{"schedulingConfig", {{"spot", true}}}})));
  EXPECT_FALSE(is_spot(machine()));
  EXPECT_FALSE(is_spot({{"scheduling", {{"preemptible", false}}}}));
  EXPECT_FALSE(is_spot({{"scheduling", {{"provisioningModel", "STANDARD"}}}}));
  EXPECT_FALSE(is_spot(tpu()));
}

TEST(NodeConfig, LaterMapsOfRaysListCount) {
  const Json config = {
      {"scheduling", Json::array({{{"preemptible", true}, {"automaticRestart", true}},
                                  {{"automaticRestart", false}}})}};
  EXPECT_EQ(scheduling_of(config), (Json{{"preemptible", true}, {"automaticRestart", false}}));
}

TEST(NodeConfig, MachineTypeWhateverWayItIsWritten) {
  EXPECT_EQ(machine_type_of({{"machineType", "n1-standard-2"}}), "n1-standard-2");
  EXPECT_EQ(machine_type_of({{"machineType", "zones/us-west1-a/machineTypes/e2-medium"}}),
            "e2-medium");
  EXPECT_EQ(machine_type_of(tpu()), "");
  EXPECT_EQ(instance_template_of({{"sourceInstanceTemplate", "global/instanceTemplates/w"}}),
            "global/instanceTemplates/w");
}

// get_node_type of Ray.
TEST(NodeConfig, WhatIsATpu) {
  EXPECT_TRUE(is_tpu({{"acceleratorType", "v2-8"}}));
  EXPECT_TRUE(is_tpu({{"acceleratorConfig", {{"type", "V4"}, {"topology", "2x2x1"}}}}));
  EXPECT_FALSE(is_tpu({{"machineType", "n1-standard-2"}, {"acceleratorType", "v2-8"}}));
  EXPECT_FALSE(is_tpu(Json::object()));
}

TEST(NodeConfig, GoodOnes) {
  const std::vector<Json> good = {
      machine(),
      machine({{"scheduling", Json::array({{{"preemptible", true}}})}}),
      machine({{"guestAccelerators",
                {{{"acceleratorType", "nvidia-tesla-t4"}, {"acceleratorCount", 1}}}}}),
      machine({{"metadata", {{"items", {{{"key", "k"}, {"value", "v"}}}}}},
               {"tags", {{"items", {"web"}}}}}),
      machine({{"networkConfig", {{"subnetwork", "s"}}}}),
      {{"sourceInstanceTemplate", "global/instanceTemplates/worker"}},
      {{"sourceMachineImage", "global/machineImages/golden"}},
      tpu(),
      tpu({{"metadata", {{"startup-script", "true"}}}, {"tags", {"web"}}}),
      {{"acceleratorConfig", {{"type", "V4"}, {"topology", "2x2x1"}}}, {"runtimeVersion", "r"}},
      tpu({{"acceleratorType", "v5litepod-8"}}),
  };
  for (const Json& config : good) {
    const Result<> checked = check_node_config(config);
    EXPECT_TRUE(checked) << config << ": " << checked.error().message;
  }
}

struct Bad {
  Json config;
  std::string says;  ///< a part of the message
};

TEST(NodeConfig, BadOnesSayWhatToWrite) {
  const std::vector<Bad> bad = {
      {"n1-standard-2", "is to be a map"},
      {Json::object(), "says no machine: write machineType"},
      {{{"machineType", 5}, {"disks", kDisks}}, "machineType is to be a text"},
      {{{"machineType", "n1-standard-2"}}, "has no disks"},
      {machine({{"disks", {{"boot", true}}}}), "disks is to be a list of maps"},
      {machine({{"labels", {"a"}}}), "labels is to be a map"},
      {machine({{"scheduling", "preemptible"}}), "scheduling is to be a map"},
      {machine({{"tags", {"web"}}}), "tags: {items: [name]}"},
      {machine({{"metadata", {{"k", "v"}}}}), "metadata: {items: [{key: k, value: v}]}"},
      {machine({{"guestAccelerators", {{{"acceleratorType", "nvidia-l4"}}}}}), "acceleratorCount"},
      {machine({{"acceleratorType", "v2-8"}}), "acceleratorType is for TPUs"},
      {machine({{"runtimeVersion", "r"}}), "runtimeVersion is for TPUs"},
      {tpu({{"disks", kDisks}}), "disks is for machines"},
      {tpu({{"sourceInstanceTemplate", "t"}}), "sourceInstanceTemplate is for machines"},
      {tpu({{"metadata", {{"items", Json::array()}}}}), "without the list `items`"},
      {tpu({{"acceleratorConfig", {{"type", "V4"}, {"topology", "2x2x1"}}}}), "has one of them"},
      {{{"acceleratorType", "v4-8"}}, "has no runtimeVersion"},
      {tpu({{"acceleratorType", "tpu-v4"}}), "\"tpu-v4\" is no type of TPU"},
      {tpu({{"acceleratorType", "v4-7"}}), "\"v4-7\" is no type of TPU"},
      {{{"acceleratorConfig", {{"type", "V2"}, {"topology", "2x2"}}}, {"runtimeVersion", "r"}},
       "\"V2\" is none that has a topology"},
      {{{"acceleratorConfig", {{"type", "V4"}, {"topology", "large"}}}, {"runtimeVersion", "r"}},
       "\"large\" is none"},
  };
  for (const Bad& each : bad) {
    const Result<> checked = check_node_config(each.config);
    ASSERT_FALSE(checked) << each.config;
    EXPECT_EQ(checked.error().code, ErrorCode::kConfigInvalid);
    EXPECT_EQ(checked.error().fault, Fault::kPermanent);
    EXPECT_NE(checked.error().message.find(each.says), std::string::npos)
        << checked.error().message;
  }
}

TEST(NodeConfig, ASliceOfSeveralHostsIsNotSupported) {
  const std::map<std::string, std::string> offers = {{"v4-32", "4 hosts"},
                                                     {"v2-32", "4 hosts"},
                                                     {"v5litepod-16", "4 hosts"},
                                                     {"v6e-64", "16 hosts"}};
  for (const auto& [type, hosts] : offers) {
    const Result<> checked = check_node_config(tpu({{"acceleratorType", type}}));
    ASSERT_FALSE(checked) << type;
    EXPECT_EQ(checked.error().code, ErrorCode::kNotSupported);
    EXPECT_NE(checked.error().message.find(hosts), std::string::npos) << checked.error().message;
  }
  EXPECT_NE(check_node_config(tpu({{"acceleratorType", "v4-32"}})).error().message.find("v4-8"),
            std::string::npos);
}

}  // namespace
}  // namespace rayctl::gcp
