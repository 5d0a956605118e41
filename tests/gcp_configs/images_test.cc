#include "providers/gcp/images.h"

#include <gtest/gtest.h>

#include "tests/gcp_configs/fake_google.h"

namespace rayctl::gcp {
namespace {

constexpr char kCommon[] = "projects/deeplearning-platform-release/global/images/family/common-cpu";

Json with_image(const std::string& image) {
  return {{"disks", {{{"boot", true}, {"initializeParams", {{"sourceImage", image}}}}}}};
}

std::string image_of(const Json& config, std::size_t disk = 0) {
  return config["disks"][disk]["initializeParams"]["sourceImage"];
}

class ImagesTest : public testing::Test {
 protected:
  ImagesTest() {
    google_.answers[kCommon] = {{"name", "common-cpu-v2026"}};
    google_.answers["projects/lab/global/images/family/own"] = {{"name", "own-7"}};
  }
  Result<std::map<std::string, std::string>> resolve(const std::vector<Json*>& configs) {
    return resolve_images(google_, {"lab", "us-west1", {"us-west1-a"}}, configs, pinned_, Time{});
  }
  FakeGoogle google_;
  std::map<std::string, std::string> pinned_;
};

TEST(ImageFamilies, InEachWayTheyAreWritten) {
  const ImageFamily common{"deeplearning-platform-release", "common-cpu"};
  EXPECT_EQ(image_family(kCommon, "lab"), common);
  EXPECT_EQ(image_family("https://www.googleapis.com/compute/v1/" + std::string(kCommon), "lab"),
            common);
  const ImageFamily own{"lab", "own"};
  EXPECT_EQ(image_family("global/images/family/own", "lab"), own);
  EXPECT_EQ(image_family("family/own", "lab"), own);
  EXPECT_FALSE(image_family("projects/lab/global/images/own-7", "lab"));
  EXPECT_FALSE(image_family("global/images/own-7", "lab"));
  EXPECT_FALSE(image_family("", "lab"));
}

TEST_F(ImagesTest, FamiliesBecomeImages) {
  Json common = with_image(kCommon);
  Json again = common;
  Json own = with_image("global/images/family/own");
  own["disks"].push_back({{"initializeParams", {{"sourceImage", kCommon}}}});
  own["disks"].push_back({{"source", "zones/us-west1-a/disks/data"}});
  Json fixed = with_image("projects/lab/global/images/own-6");
  Json whole = {{"sourceMachineImage", "global/machineImages/family/x"}};
  const Json kept = whole;
  const auto met = resolve({&common, &again, &own, &fixed, &whole});
  ASSERT_TRUE(met) << met.error().message;
  const std::string newest =
      "projects/deeplearning-platform-release/global/images/common-cpu-v2026";
  EXPECT_EQ(image_of(common), newest);
  EXPECT_EQ(image_of(again), newest);
  EXPECT_EQ(image_of(own), "projects/lab/global/images/own-7");
  EXPECT_EQ(image_of(own, 1), newest);
  EXPECT_EQ(image_of(fixed), "projects/lab/global/images/own-6");
  EXPECT_EQ(whole, kept);
  const std::map<std::string, std::string> wanted = {
      {kCommon, newest}, {"global/images/family/own", "projects/lab/global/images/own-7"}};
  EXPECT_EQ(*met, wanted);
  EXPECT_EQ(google_.calls("compute.images.getFromFamily"), 2) << "one name, one question";
}

TEST_F(ImagesTest, WhatIsPinnedIsNotAskedFor) {
  pinned_[kCommon] = "projects/deeplearning-platform-release/global/images/common-cpu-v2025";
  Json config = with_image(kCommon);
  const auto met = resolve({&config});
  ASSERT_TRUE(met);
  EXPECT_EQ(image_of(config), pinned_[kCommon]);
  EXPECT_EQ(met->at(kCommon), pinned_[kCommon]);
  EXPECT_TRUE(google_.made().empty());
}

TEST_F(ImagesTest, AFamilyThatIsNotThereIsNamed) {
  Json config = with_image("projects/lab/global/images/family/gone");
  const Json before = config;
  const auto met = resolve({&config});
  ASSERT_FALSE(met);
  EXPECT_EQ(met.error().fault, Fault::kPermanent);
  EXPECT_NE(met.error().message.find("no family of images gone in the project lab"),
            std::string::npos)
      << met.error().message;
  EXPECT_EQ(config, before) << "nothing is replaced where something is missing";
}

TEST_F(ImagesTest, OtherFailuresSayWhatWasLookedUp) {
  google_.errors[kCommon] = {403, "forbidden", "no"};
  Json config = with_image(kCommon);
  const auto met = resolve({&config});
  ASSERT_FALSE(met);
  EXPECT_EQ(met.error().code, ErrorCode::kCredentials);
  ASSERT_FALSE(met.error().context.empty());
  EXPECT_NE(met.error().context.back().find("common-cpu"), std::string::npos);
}

TEST_F(ImagesTest, OddConfigsAreLeftAlone) {
  for (const Json& odd : std::vector<Json>{"text",
                                           {{"disks", "none"}},
                                           {{"disks", {"one"}}},
                                           {{"disks", {{{"initializeParams", 5}}}}},
                                           with_image("")}) {
    Json config = odd;
    EXPECT_TRUE(resolve({&config})) << odd;
    EXPECT_EQ(config, odd);
  }
}

}  // namespace
}  // namespace rayctl::gcp
