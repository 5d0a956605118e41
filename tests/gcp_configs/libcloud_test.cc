#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/files.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/images.h"
#include "providers/gcp/instance_template.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/machine_types.h"
#include "tests/gcp_configs/fake_google.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {
namespace {

/// What Compute Engine answered Apache Libcloud once: answers that nobody here wrote.
class Recorded : public testing::Test {
 protected:
  static Json answer(const std::string& name) {
    return Json::parse(*read_file(folder() / (name + ".json")));
  }
  static std::filesystem::path folder() {
    const char* found = std::getenv("RAYCTL_LIBCLOUD_GCE");
    return found == nullptr ? "" : found;
  }
  void SetUp() override {
    ASSERT_TRUE(std::filesystem::is_directory(folder()))
        << "no answers at RAYCTL_LIBCLOUD_GCE \"" << folder().string()
        << "\": run ./dev setup, and source tools/env.sh";
  }
  FakeClock clock_;
  FakeGoogle google_;
  const GcePlace place_{"project_name", "us-central1", {"us-central1-a"}};
};

TEST_F(Recorded, AMachine) {
  const GceInstance seen = parse_instance(answer("zones_us-central1-a_instances_node-name"));
  EXPECT_EQ(seen.node.id.text, "node-name");
  EXPECT_EQ(seen.zone, "us-central1-a");
  EXPECT_EQ(seen.node.power, Power::kRunning);
  EXPECT_EQ(seen.node.internal_ip, "10.240.72.75");
  EXPECT_EQ(seen.node.external_ip, "23.236.58.15");
  EXPECT_EQ(parse_instance(answer("zones_us_central1_a_instances_stopped_node")).node.power,
            Power::kStopped);
}

TEST_F(Recorded, EveryMachineOfAnAggregatedList) {
  std::size_t machines = 0;
  const Json list = answer("aggregated_instances");
  for (const auto& [scope, part] : list.at("items").items()) {
    for (const Json& json : part.value("instances", Json::array())) {
      const GceInstance seen = parse_instance(json);
      EXPECT_FALSE(seen.node.id.text.empty());
      EXPECT_EQ("zones/" + seen.zone, scope);
      EXPECT_FALSE(seen.node.internal_ip.empty()) << seen.node.id.text;
      EXPECT_FALSE(seen.network.empty()) << seen.node.id.text;
      ++machines;
    }
  }
  EXPECT_GT(machines, 5U);
}

TEST_F(Recorded, AFamilysNewestImage) {
  google_.answers["projects/coreos-cloud/global/images/family/coreos-stable"] =
      answer("projects_coreos-cloud_global_images_family_coreos_stable");
  Json config = {
      {"disks",
       {{{"initializeParams",
          {{"sourceImage", "projects/coreos-cloud/global/images/family/coreos-stable"}}}}}}};
  ASSERT_TRUE(resolve_images(google_, place_, {&config}, {}, clock_.now()));
  EXPECT_EQ(config["disks"][0]["initializeParams"]["sourceImage"],
            "projects/coreos-cloud/global/images/coreos-stable-1520-6-0-v20171012");
}

TEST_F(Recorded, AFamilyThatIsNotThere) {
  const ApiError error = parse_error(404, answer("global_images_family_notfound").dump());
  EXPECT_EQ(error.reason, "notFound");
  google_.errors["projects/project_name/global/images/family/coreos-stable"] = error;
  Json config = {{"disks", {{{"initializeParams", {{"sourceImage", "family/coreos-stable"}}}}}}};
  const auto met = resolve_images(google_, place_, {&config}, {}, clock_.now());
  ASSERT_FALSE(met);
  EXPECT_EQ(met.error().fault, Fault::kPermanent);
}

TEST_F(Recorded, MachineTypes) {
  const Offer offer = parse_machine_type(answer("zones_us-central1-a_machineTypes_n1-standard-1"));
  EXPECT_EQ(offer, (Offer{{"CPU", 1}, {"memory", 2818572288.0}}));
  std::size_t types = 0;
  const Json list = answer("aggregated_machineTypes");
  for (const auto& [scope, part] : list.at("items").items()) {
    for (const Json& json : part.value("machineTypes", Json::array())) {
      EXPECT_GE(parse_machine_type(json)["CPU"], 1) << json["name"];
      EXPECT_GT(parse_machine_type(json)["memory"], 1e8) << json["name"];
      ++types;
    }
  }
  EXPECT_GT(types, 20U);
}

TEST_F(Recorded, ATemplateAndItsMachineType) {
  google_.answers["projects/project_name/global/instanceTemplates/my-instance-template1"] =
      answer("global_instanceTemplates_my_instance_template1");
  google_.answers["projects/project_name/zones/us-central1-a/machineTypes/n1-standard-1"] =
      answer("zones_us-central1-a_machineTypes_n1-standard-1");
  MachineTypes types(google_, clock_, place_, "");
  const auto offers =
      types.offers({{{"sourceInstanceTemplate", "global/instanceTemplates/my-instance-template1"}}},
                   clock_.now());
  ASSERT_TRUE(offers) << offers.error().message;
  EXPECT_EQ(offers->front().at("CPU"), 1);
}

TEST_F(Recorded, ZonesAreNamedAsPlacesAre) {
  std::size_t zones = 0;
  const Json list = answer("zones");
  for (const Json& zone : list.at("items")) {
    EXPECT_TRUE(zone["name"].get<std::string>().starts_with(
        last_part(zone["region"].get<std::string>()) + "-"));
    ++zones;
  }
  EXPECT_GT(zones, 5U);
}

}  // namespace
}  // namespace rayctl::gcp
