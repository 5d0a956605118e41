#include <filesystem>

#include "base/digest.h"
#include "base/files.h"
#include "providers/aws/images.h"
#include "providers/aws/instance_types.h"
#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

class InstanceTypesTest : public testing::Test {
 protected:
  InstanceTypesTest() : file_(folder_ / "types.json") {
    ec2_.types = {{"m5.large", {{"vcpus", 2}, {"mib", 8192}}},
                  {"g5.xlarge", {{"vcpus", 4}, {"mib", 16384}, {"gpu", "A10G"}, {"gpus", 1}}},
                  {"trn1.2xlarge", {{"vcpus", 8}, {"mib", 32768}}}};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<std::vector<Offer>> offers(const std::vector<std::string>& types) {
    InstanceTypes fresh(ec2_, clock_, file_);
    return fresh.offers(types, clock_.now() + Millis{60'000});
  }
  int calls() const { return ec2_.calls("DescribeInstanceTypes"); }

  FakeClock clock_;
  FakeEc2 ec2_;
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("rayctl-types-" + random_hex(6));
  const std::filesystem::path file_;
};

// The numbers are those of Ray 2.60's fillout_available_node_types_resources.
TEST_F(InstanceTypesTest, InRaysWords) {
  const auto seen = offers({"g5.xlarge", "m5.large", "trn1.2xlarge"});
  ASSERT_TRUE(seen);
  EXPECT_EQ(
      seen->at(0),
      (Offer{{"CPU", 4}, {"memory", 12025908428.0}, {"GPU", 1}, {"accelerator_type:A10G", 1}}));
  EXPECT_EQ(seen->at(1), (Offer{{"CPU", 2}, {"memory", 6012954214.0}}));
  EXPECT_EQ(seen->at(2), (Offer{{"CPU", 8},
                                {"memory", 24051816857.0},
                                {"neuron_cores", 2},
                                {"accelerator_type:aws-neuron-core", 1}}));
}

TEST_F(InstanceTypesTest, KeptForThirtyDays) {
  const auto first = offers({"m5.large", "m5.large", ""});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->at(0), first->at(1));
  EXPECT_TRUE(first->at(2).empty());
  EXPECT_EQ(offers({"m5.large"})->at(0), first->at(0));
  EXPECT_EQ(calls(), 1);
  clock_.turn(Millis{31LL * 24 * 3600 * 1000});
  ASSERT_TRUE(offers({"m5.large"}));
  EXPECT_EQ(calls(), 2);
}

TEST_F(InstanceTypesTest, ATornFileIsMadeAnew) {
  const auto first = offers({"m5.large"});
  const auto whole = read_file(file_);
  ASSERT_TRUE(whole);
  for (const std::size_t size : {std::size_t{0}, whole->size() / 2, whole->size() - 3}) {
    ASSERT_TRUE(write_file_atomic(file_, whole->substr(0, size)));
    EXPECT_EQ(offers({"m5.large"})->at(0), first->at(0)) << size;
    EXPECT_EQ(*read_file(file_), *whole) << size;
  }
}

TEST_F(InstanceTypesTest, OneThatTheRegionLacksIsEmpty) {
  const auto seen = offers({"x9.huge", "m5.large"});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->at(0).empty());
  EXPECT_EQ(seen->at(1).at("CPU"), 2);
}

TEST_F(InstanceTypesTest, AllPages) {
  ec2_.page = 1;
  const auto seen = offers({"g5.xlarge", "m5.large", "trn1.2xlarge"});
  ASSERT_TRUE(seen);
  for (const Offer& offer : *seen)
    EXPECT_FALSE(offer.empty());
}

class ImagesTest : public testing::Test {
 protected:
  ImagesTest() { ec2_.parameters = {{kLatestDlami, "ami-new"}, {"/own/path", "ami-own"}}; }
  Result<std::map<std::string, std::string>> resolve(const std::vector<Json*>& configs) {
    return resolve_images(ec2_, configs, pinned_, Time{});
  }
  FakeEc2 ec2_;
  std::map<std::string, std::string> pinned_;
};

TEST_F(ImagesTest, NamesBecomeIds) {
  Json latest = {{"ImageId", "latest_dlami"}};
  Json again = latest;
  Json own = {{"ImageId", "resolve:ssm:/own/path"}};
  Json brief = {{"ImageId", "ssm:/own/path"}};
  Json fixed = {{"ImageId", "ami-1"}};
  Json none = {{"InstanceType", "m5.large"}};
  const auto met = resolve({&latest, &again, &own, &brief, &fixed, &none});
  ASSERT_TRUE(met);
  EXPECT_EQ(latest["ImageId"], "ami-new");
  EXPECT_EQ(again["ImageId"], "ami-new");
  EXPECT_EQ(own["ImageId"], "ami-own");
  EXPECT_EQ(brief["ImageId"], "ami-own");
  EXPECT_EQ(fixed["ImageId"], "ami-1");
  EXPECT_FALSE(none.contains("ImageId"));
  const std::map<std::string, std::string> wanted = {{"latest_dlami", "ami-new"},
                                                     {"resolve:ssm:/own/path", "ami-own"},
                                                     {"ssm:/own/path", "ami-own"}};
  EXPECT_EQ(*met, wanted);
  EXPECT_EQ(ec2_.calls("AmazonSSM.GetParameter"), 3) << "one name, one question";
}

TEST_F(ImagesTest, WhatIsPinnedIsNotAskedFor) {
  pinned_["latest_dlami"] = "ami-old";
  Json config = {{"ImageId", "latest_dlami"}};
  const auto met = resolve({&config});
  ASSERT_TRUE(met);
  EXPECT_EQ(config["ImageId"], "ami-old");
  EXPECT_EQ(met->at("latest_dlami"), "ami-old");
  EXPECT_EQ(ec2_.calls("AmazonSSM.GetParameter"), 0);
}

TEST_F(ImagesTest, AParameterThatIsNotThereOrHoldsAnotherThingIsAnError) {
  Json missing = {{"ImageId", "ssm:/none"}};
  ec2_.parameters["/odd"] = "hello";
  Json odd = {{"ImageId", "ssm:/odd"}};
  for (Json* config : {&missing, &odd}) {
    const auto met = resolve({config});
    ASSERT_FALSE(met);
    EXPECT_EQ(met.error().fault, Fault::kPermanent);
  }
}

}  // namespace
}  // namespace rayctl::aws
