#include "providers/gcp/machine_types.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/files.h"
#include "tests/gcp_configs/fake_google.h"
#include "tests/support/fake_clock.h"

namespace rayctl::gcp {
namespace {

std::string path_of(const std::string& zone, const std::string& type) {
  return "projects/lab/zones/" + zone + "/machineTypes/" + type;
}

Json type(int cpus, int mebibytes) {
  return {{"guestCpus", cpus}, {"memoryMb", mebibytes}};
}

class MachineTypesTest : public testing::Test {
 protected:
  MachineTypesTest() {
    google_.answers[path_of("us-west1-a", "n1-standard-2")] = type(2, 7680);
    Json a2 = type(12, 87040);
    a2["accelerators"] = {
        {{"guestAcceleratorType", "nvidia-tesla-a100"}, {"guestAcceleratorCount", 1}}};
    google_.answers[path_of("us-west1-b", "a2-highgpu-1g")] = a2;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<std::vector<Offer>> offers(const std::vector<Json>& configs) {
    MachineTypes fresh(google_, clock_, {"lab", "us-west1", {"us-west1-a", "us-west1-b"}}, file_);
    return fresh.offers(configs, clock_.now() + Millis{60'000});
  }
  int calls() const { return google_.calls("compute.machineTypes.get"); }

  FakeClock clock_;
  FakeGoogle google_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("rayctl-machine-types-" + random_hex(6));
  const std::filesystem::path file_ = folder_ / "types.json";
};

const Json kSmall = {{"machineType", "n1-standard-2"}};
const Offer kSmallOffer = {{"CPU", 2}, {"memory", 5637144576.0}};

TEST_F(MachineTypesTest, InRaysWords) {
  Json gpu = kSmall;
  gpu["guestAccelerators"] = {
      {{"acceleratorType", "projects/lab/zones/us-west1-a/acceleratorTypes/nvidia-tesla-t4"},
       {"acceleratorCount", 2}}};
  const auto seen = offers({kSmall,
                            gpu,
                            {{"machineType", "zones/us-west1-b/machineTypes/a2-highgpu-1g"}},
                            {{"acceleratorType", "v4-8"}, {"runtimeVersion", "r"}}});
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->at(0), kSmallOffer);
  EXPECT_EQ(seen->at(1),
            (Offer{{"CPU", 2}, {"memory", 5637144576.0}, {"GPU", 2}, {"accelerator_type:T4", 1}}));
  EXPECT_EQ(
      seen->at(2),
      (Offer{{"CPU", 12}, {"memory", 63887638527.0}, {"GPU", 1}, {"accelerator_type:A100", 1}}));
  EXPECT_EQ(seen->at(3), (Offer{{"TPU", 4}, {"TPU-v4-8-head", 1}, {"accelerator_type:TPU-V4", 1}}));
}

TEST_F(MachineTypesTest, AcceleratorsOfTheTypeCountOnce) {
  const auto seen =
      offers({{{"machineType", "a2-highgpu-1g"},
               {"guestAccelerators",
                {{{"acceleratorType", "nvidia-tesla-a100"}, {"acceleratorCount", 1}}}}}});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->at(0).at("GPU"), 1);
}

TEST_F(MachineTypesTest, KeptForThirtyDays) {
  ASSERT_TRUE(offers({kSmall, kSmall}));
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(offers({kSmall})->at(0), kSmallOffer);
  EXPECT_EQ(calls(), 1);
  clock_.turn(Millis{31LL * 24 * 3600 * 1000});
  EXPECT_EQ(offers({kSmall})->at(0), kSmallOffer);
  EXPECT_EQ(calls(), 2);
}

TEST_F(MachineTypesTest, ATornFileIsMadeAnew) {
  ASSERT_TRUE(offers({kSmall}));
  const auto whole = read_file(file_);
  ASSERT_TRUE(whole);
  for (const std::size_t size : {std::size_t{0}, whole->size() / 2, whole->size() - 3}) {
    ASSERT_TRUE(write_file_atomic(file_, whole->substr(0, size)));
    EXPECT_EQ(offers({kSmall})->at(0), kSmallOffer) << size;
    EXPECT_EQ(*read_file(file_), *whole) << size;
  }
}

TEST_F(MachineTypesTest, OneThatNoZoneHasIsEmpty) {
  const auto seen = offers({{{"machineType", "x9-huge-1"}}, Json::object(), "text", kSmall});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->at(0).empty());
  EXPECT_TRUE(seen->at(1).empty());
  EXPECT_TRUE(seen->at(2).empty());
  EXPECT_EQ(seen->at(3), kSmallOffer);
}

TEST_F(MachineTypesTest, AFailureSaysWhichAndKeepsWhatWasFound) {
  google_.errors[path_of("us-west1-a", "n2-standard-8")] = {503, "backendError", "later"};
  const auto seen = offers({kSmall, {{"machineType", "n2-standard-8"}}});
  ASSERT_FALSE(seen);
  ASSERT_FALSE(seen.error().context.empty());
  EXPECT_NE(seen.error().context.back().find("n2-standard-8"), std::string::npos);
  const int before = calls();
  EXPECT_EQ(offers({kSmall})->at(0), kSmallOffer);
  EXPECT_EQ(calls(), before);
}

TEST_F(MachineTypesTest, ATemplateSaysWhatTheConfigDoesNot) {
  google_.answers["projects/lab/global/instanceTemplates/w"] = {
      {"properties",
       {{"machineType", "n1-standard-2"},
        {"guestAccelerators",
         {{{"acceleratorType", "nvidia-tesla-v100"}, {"acceleratorCount", 1}}}}}}};
  const Json bare = {{"sourceInstanceTemplate", "global/instanceTemplates/w"}};
  Json other = bare;
  other["machineType"] = "custom-4-8192";
  const auto seen = offers({bare, other});
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->at(0).at("CPU"), 2);
  EXPECT_EQ(seen->at(0).at("accelerator_type:V100"), 1);
  EXPECT_EQ(seen->at(1).at("CPU"), 4);
  EXPECT_EQ(google_.calls("compute.instanceTemplates.get"), 1);
  EXPECT_FALSE(offers({{{"sourceInstanceTemplate", "global/instanceTemplates/none"}}}));
}

TEST(CustomTypes, AreReadFromTheirNames) {
  const Offer two = {{"CPU", 2}, {"memory", 3006477107.0}};
  for (const char* name :
       {"custom-2-4096", "n2-custom-2-4096", "n1-custom-2-4096-ext", "e2-custom-medium-4096"})
    EXPECT_EQ(custom_offer(name), two) << name;
  for (const char* name : {"n1-standard-2", "custom-0-4096", "custom-2", "custom-two-4096",
                           "a-b-custom-2-4096", "", "custom-2-4096-5"})
    EXPECT_FALSE(custom_offer(name)) << name;
}

TEST(Accelerators, InRaysNames) {
  const std::map<std::string, std::string> names = {{"nvidia-tesla-t4", "T4"},
                                                    {"nvidia-tesla-t4-vws", "T4"},
                                                    {"nvidia-tesla-a100", "A100"},
                                                    {"nvidia-a100-80gb", "A100"},
                                                    {"nvidia-l4", "L4"},
                                                    {"nvidia-h100-80gb", "H100"},
                                                    {"nvidia-h100-mega-80gb", "H100"},
                                                    {"nvidia-h200-141gb", "H200"},
                                                    {"nvidia-b200", "B200"},
                                                    {"nvidia-tesla-k80", "K80"},
                                                    {"nvidia-unheard-of", ""}};
  for (const auto& [theirs, rays] : names)
    EXPECT_EQ(ray_accelerator(theirs), rays) << theirs;
  Offer offer;
  add_accelerators(offer, {{{"acceleratorType", "nvidia-unheard-of"}, {"acceleratorCount", 2}},
                           {{"acceleratorType", "ct5l"}, {"acceleratorCount", 4}}});
  EXPECT_EQ(offer, (Offer{{"GPU", 2}}));
}

}  // namespace
}  // namespace rayctl::gcp
