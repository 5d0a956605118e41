#include "providers/aws/iam.h"

#include "tests/aws_resources/world.h"

namespace rayctl::aws {
namespace {

constexpr char kOurs[] = "rayctl-demo-us-west-2";

class Iam : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config = {{"KeyName", "given"}, {"SecurityGroupIds", {"sg-1"}}};
    account_.iam_delay = Millis{7'000};
  }
  FakeAccount::Role& role() { return account_.roles[kOurs]; }
  std::string differs() {
    ResourceScope scope = scope_;
    scope.thorough = true;
    const auto all = resources().list(scope, soon());
    EXPECT_TRUE(all.ok());
    std::string text;
    for (const SeenResource& each : all->seen)
      text += each.differs;
    return text;
  }
};

TEST(IamNames, FitAndDiffer) {
  EXPECT_EQ(iam_name("demo", "us-west-2"), kOurs);
  const std::string longer = iam_name(std::string(80, 'x') + "a", "us-west-2");
  EXPECT_EQ(longer.size(), 64U);
  EXPECT_NE(longer, iam_name(std::string(80, 'x') + "b", "us-west-2"));
  EXPECT_EQ(iam_name("a/b", "r").find('/'), std::string::npos);
  EXPECT_NE(iam_name("a/b", "r"), iam_name("a:b", "r"));
}

TEST(IamDocuments, AreReadEscapedAndPlain) {
  EXPECT_EQ(policy_in("%7B%22a%22%3A%201%7d"), (Json{{"a", 1}}));
  EXPECT_EQ(policy_in(R"({"a": "50%"})"), (Json{{"a", "50%"}}));
  EXPECT_TRUE(policy_in("%7B").is_null());
}

TEST_F(Iam, AreMadeAndAwaitedWithoutFixedSleeps) {
  const Time begun = clock_.now();
  make_all();
  EXPECT_EQ(role().tags, (Tags{{"ray-cluster-name", "demo"},
                               {"rayctl-cluster-id", "c1"},
                               {"rayctl-region", "us-west-2"}}));
  EXPECT_EQ(Json::parse(role().trust)["Statement"][0]["Principal"]["Service"], "ec2.amazonaws.com");
  EXPECT_EQ(role().policies.size(), 1U);
  EXPECT_TRUE(role().policies.contains("rayctl"));
  EXPECT_EQ(account_.profiles[kOurs].role, kOurs);
  EXPECT_LE(account_.profiles[kOurs].role_shown, clock_.now()) << "the role is to be seen in it";
  EXPECT_LT(clock_.now() - begun, Millis{40'000});
  EXPECT_EQ(differs(), "");
  account_.iam_delay = Millis{0};
  const Time again = clock_.now();
  make_all();
  EXPECT_EQ(clock_.now(), again);
}

TEST_F(Iam, WhatIsNeverShownIsTransientAtTheDeadline) {
  account_.iam_delay = Millis{3'600'000};
  Resources all = resources();
  const auto made = all.make(scope_, wanted_resources(config_, facts_)[0], soon());
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().fault, Fault::kTransient);
}

TEST_F(Iam, ChangedDocumentsAreBroughtBack) {
  make_all();
  role().policies["rayctl"] = R"({"Version": "2012-10-17", "Statement": []})";
  EXPECT_EQ(differs(), "the head's rights are not as wanted");
  role().trust = "{}";
  account_.profiles[kOurs].role.clear();
  EXPECT_NE(differs().find("EC2 may not take the role as wanted"), std::string::npos);
  EXPECT_NE(differs().find("the role rayctl-demo-us-west-2 is not in it"), std::string::npos);
  make_all();
  EXPECT_EQ(differs(), "");
}

TEST_F(Iam, NamesThatAreTakenAreUsedAndLeft) {
  account_.roles[kOurs] = {"{}", {}, {{"x", "{}"}}, {"arn:aws:iam::aws:policy/A"}, {}};
  account_.profiles[kOurs] = {{}, "other", {}, {}};
  make_all();
  EXPECT_EQ(role().trust, "{}");
  EXPECT_EQ(account_.profiles[kOurs].role, "other");
  EXPECT_FALSE(scope_.known[ResourceName{kRoleResource}].ours);
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 2U);
  scope_.known.clear();
  EXPECT_EQ(resources().list(scope_, soon())->notes.size(), 2U);
}

TEST_F(Iam, GoWithAllPoliciesWhoeverAddedThem) {
  make_all();
  account_.page = 1;
  role().policies["by hand"] = "{}";
  role().policies["third"] = "{}";
  role().attached = {"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"};
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 0U);
  EXPECT_TRUE(remove_all().ok());
}

TEST_F(Iam, StayWhereOthersUseThem) {
  make_all();
  account_.profiles["theirs"] = {{}, kOurs, {}, {}};
  account_.instances["i-1"] = {"running", "", {}, FakeAccount::arn("instance-profile", kOurs), {}};
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 3U);
  EXPECT_EQ(role().policies.size(), 1U);
  account_.instances.clear();
  ASSERT_TRUE(remove_all().ok());
  EXPECT_FALSE(account_.profiles.contains(kOurs));
  EXPECT_TRUE(account_.roles.contains(kOurs)) << "the other profile has it";
}

}  // namespace
}  // namespace rayctl::aws
