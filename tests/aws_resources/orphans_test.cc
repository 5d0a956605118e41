#include "providers/aws/orphans.h"

#include "tests/aws_resources/world.h"

namespace rayctl::aws {
namespace {

class Orphans : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    make_all();
    const Tags ours{{"ray-cluster-name", "demo"}, {"rayctl-cluster-id", "c1"}};
    Tags named = ours;
    named["rayctl-node"] = "head";
    account_.instances["i-1"] = {"running", kPair, {account_.groups.begin()->first}, "", named};
    account_.instances["i-2"] = {"terminated", kPair, {}, "", ours};
    account_.instances["i-3"] = {"running", "", {}, "", {{"ray-cluster-name", "demo"}}};
    account_.volumes = {
        {"vol-1", {"available", ours}}, {"vol-2", {"in-use", ours}}, {"vol-3", {"available", {}}}};
    account_.interfaces = {{"eni-1", {"available", ours}}, {"eni-2", {"available", {}}}};
    account_.roles["rayctl-by-hand"] = {};
    account_.roles["rayctl-elsewhere"].tags = {{"rayctl-cluster-id", "c9"},
                                               {"rayctl-region", "eu-west-1"}};
    account_.keys["theirs"] = {"key-9", "ssh-rsa AAAA", {}};
    account_.groups["sg-9"] = {"theirs", "vpc-1", {}, {}};
  }
  std::vector<Orphan> find() {
    auto found = find_orphans(account_, clock_, soon());
    EXPECT_TRUE(found.ok());
    return found ? *found : std::vector<Orphan>();
  }
};

TEST_F(Orphans, AreAllThatCarriesAnIdOnEveryPage) {
  for (const std::size_t page : {1000U, 1U}) {
    account_.page = page;
    std::vector<std::string> seen;
    for (const Orphan& each : find()) {
      seen.push_back(std::string(kind_text(each.kind)) + " " + each.name);
      EXPECT_EQ(each.cluster.text, "demo");
      EXPECT_EQ(each.cluster_id.text, "c1");
    }
    EXPECT_EQ(seen,
              (std::vector<std::string>{
                  "instance head", "network interface ", "volume ",
                  "instance profile rayctl-demo-us-west-2", "role rayctl-demo-us-west-2",
                  "key pair ray-autoscaler_us-west-2", "security group ray-autoscaler-demo"}));
  }
}

TEST_F(Orphans, GoInASafeOrderWhileMachinesEnd) {
  // The machine is gone some seconds after it was told to end.
  clock_.on_sleep = [&] { account_.instances["i-1"].state = "terminated"; };
  std::vector<Orphan> all = find();
  std::reverse(all.begin(), all.end());
  const auto stayed = remove_orphans(account_, clock_, home_, all, soon());
  EXPECT_TRUE(stayed.empty());
  EXPECT_TRUE(find().empty());
  EXPECT_EQ(account_.objects(), 4U) << "those of others";
  EXPECT_EQ(account_.volumes.size(), 2U);
  EXPECT_EQ(account_.interfaces.size(), 1U);
  EXPECT_EQ(account_.instances["i-3"].state, "running");
  EXPECT_EQ(files_in_ssh(), 0U);
  EXPECT_TRUE(remove_orphans(account_, clock_, home_, all, soon()).empty()) << "gone already";
}

TEST_F(Orphans, OneThatStaysIsSaidAndTheOthersGo) {
  const auto stayed = remove_orphans(account_, clock_, home_, find(), soon());
  ASSERT_EQ(stayed.size(), 1U) << "the machine never ends";
  EXPECT_EQ(stayed[0].first.kind, Orphan::Kind::kSecurityGroup);
  EXPECT_EQ(stayed[0].second.fault, Fault::kTransient);
  EXPECT_TRUE(account_.profiles.empty());
}

}  // namespace
}  // namespace rayctl::aws
