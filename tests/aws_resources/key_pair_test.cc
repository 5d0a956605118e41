#include "providers/aws/key_pair.h"

#include <sys/stat.h>

#include "tests/aws_resources/world.h"

namespace rayctl::aws {
namespace {

namespace fs = std::filesystem;

class KeyPairs : public World {
 protected:
  Result<KeyPairSeen> make() { return make_key_pair(job(), home_, want_); }
  Result<KeyPairSeen> find() { return find_key_pair(job(), home_, want_); }
  void recorded(const std::string& name, bool ours = true) {
    scope_.known[ResourceName{kKeyPairResource}] = {ProviderName{"aws"}, name, "key-1", ours, {}};
  }
  /// The file's public half is what EC2 has.
  void expect_one_key(const std::string& name) {
    const auto text = read_file(pem(name));
    ASSERT_TRUE(text.ok());
    const auto facts = read_ssh_key(*text);
    ASSERT_TRUE(facts);
    EXPECT_TRUE(same_ssh_key(facts->public_line, account_.keys[name].public_line));
  }
  Json want_ = {{"region", "us-west-2"}, {"key_name", ""}};
};

TEST_F(KeyPairs, NamesAreRays) {
  EXPECT_EQ(key_pair_name("us-west-2", "", 0), "ray-autoscaler_us-west-2");
  EXPECT_EQ(key_pair_name("us-west-2", "", 3), "ray-autoscaler_3_us-west-2");
  EXPECT_EQ(key_pair_name("us-west-2", "mine", 0), "mine");
  EXPECT_EQ(key_pair_name("us-west-2", "mine", 3), "mine_key-3");
}

TEST_F(KeyPairs, IsMadeHereAndImported) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, kPair);
  EXPECT_EQ(made->cluster, scope_.cluster_id);
  EXPECT_EQ(made->id, account_.keys[kPair].id);
  expect_one_key(kPair);
  struct stat about {};
  ASSERT_EQ(::stat(pem(kPair).c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  EXPECT_EQ(account_.keys[kPair].tags,
            (Tags{{"ray-cluster-name", "demo"}, {"rayctl-cluster-id", "c1"}}));
  EXPECT_EQ(files_in_ssh(), 1U);

  const auto again = make();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->id, made->id);
  EXPECT_EQ(account_.keys.size(), 1U);
}

TEST_F(KeyPairs, TheFirstOfWhichBothHalvesAreThereIsUsedAsItIs) {
  their_key(kPair, true, false);
  their_key("ray-autoscaler_1_us-west-2", false, true);
  their_key("ray-autoscaler_2_us-west-2", true, true);
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, "ray-autoscaler_2_us-west-2");
  EXPECT_EQ(made->cluster, std::nullopt);
  EXPECT_EQ(account_.keys.size(), 2U);
  ASSERT_TRUE(remove_key_pairs(job(), home_).ok());
  EXPECT_EQ(account_.keys.size(), 2U) << "it is not ours";
  EXPECT_EQ(files_in_ssh(), 2U);
}

TEST_F(KeyPairs, TheFirstNameThatIsFreeIsTaken) {
  for (int index = 0; index < 25; ++index)
    their_key(key_pair_name("us-west-2", "", index), index % 2 == 0, index % 2 == 1);
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, "ray-autoscaler_25_us-west-2");
  EXPECT_EQ(files_in_ssh(), 13U);
}

TEST_F(KeyPairs, TheNameOfTheConfigIsHonoured) {
  want_["key_name"] = "mine";
  their_key("mine", true, false);
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->name, "mine_key-1");
}

TEST_F(KeyPairs, OneThatIsNotOfItsFileIsBlocked) {
  their_key(kPair, true, false);
  their_key(kPair, false, true);
  const auto found = find();
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->blocked.size(), 1U);
  EXPECT_NE(found->blocked[0].summary.find("is not of the key in"), std::string::npos);
  EXPECT_FALSE(found->blocked[0].remedy.empty());
  const auto made = make();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kPlanNeedsDecision);
}

TEST_F(KeyPairs, OneOfThisClusterWithoutItsFileIsBlocked) {
  ASSERT_TRUE(make().ok());
  fs::remove(pem(kPair));
  for (const bool with_record : {false, true}) {
    if (with_record) recorded(kPair);
    const auto found = find();
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->name, kPair);
    ASSERT_EQ(found->blocked.size(), 1U);
    EXPECT_NE(found->blocked[0].remedy.find(pem(kPair)), std::string::npos);
  }
  EXPECT_FALSE(make().ok());
  EXPECT_EQ(account_.keys.size(), 1U);
}

TEST_F(KeyPairs, ARecordedPairThatWasDeletedIsImportedAgain) {
  ASSERT_TRUE(make().ok());
  recorded(kPair);
  account_.keys.clear();
  const auto found = find();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->id, "");
  const auto before = read_file(pem(kPair));
  ASSERT_TRUE(make().ok());
  expect_one_key(kPair);
  EXPECT_EQ(read_file(pem(kPair)), before);
}

TEST_F(KeyPairs, ANameThatAnotherClusterHasSinceIsLeftToIt) {
  ASSERT_TRUE(make().ok());
  recorded(kPair);
  fs::remove(pem(kPair));
  account_.keys[kPair] = {"key-x", "ssh-ed25519 AAAAdHdv", {{"rayctl-cluster-id", "c2"}}};
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, "ray-autoscaler_1_us-west-2");
  EXPECT_EQ(account_.keys[kPair].id, "key-x");
}

TEST_F(KeyPairs, ALostAnswerIsFound) {
  account_.lose_answer_of = "ImportKeyPair";
  const auto lost = make();
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().fault, Fault::kUnknown);
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->cluster, scope_.cluster_id);
  EXPECT_EQ(account_.keys.size(), 1U);
}

TEST_F(KeyPairs, ANameThatIsTakenMeanwhileIsLeftToItsOwner) {
  bool first = true;
  account_.meanwhile = [&](const std::string& action) {
    if (action != "ImportKeyPair" || !first) return;
    first = false;
    account_.keys[kPair] = {"key-x", "ssh-ed25519 AAAAdHdv", {}};
  };
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, "ray-autoscaler_1_us-west-2");
  EXPECT_FALSE(fs::exists(pem(kPair)));
  EXPECT_EQ(account_.keys[kPair].id, "key-x");
}

TEST_F(KeyPairs, ANameThatIsTakenAfterACrashIsLeftToItsOwner) {
  bool first = true;
  account_.meanwhile = [&](const std::string& action) {
    if (action != "ImportKeyPair" || !first) return;
    first = false;
    throw Killed{};
  };
  EXPECT_THROW(static_cast<void>(make()), Killed);
  account_.keys[kPair] = {"key-x", "ssh-ed25519 AAAAdHdv", {}};
  EXPECT_TRUE(fs::exists(pem(kPair)));
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->name, "ray-autoscaler_1_us-west-2");
  ASSERT_TRUE(remove_key_pairs(job(), home_).ok());
  EXPECT_FALSE(fs::exists(pem(kPair)));
  EXPECT_EQ(account_.keys.size(), 1U);
  EXPECT_EQ(account_.keys[kPair].id, "key-x");
}

TEST_F(KeyPairs, GoesWithItsFileButNotWhileOthersUseIt) {
  ASSERT_TRUE(make().ok());
  account_.instances["i-1"] = {"stopped", kPair, {}, "", {{"rayctl-cluster-id", "c2"}}};
  ASSERT_TRUE(remove_key_pairs(job(), home_).ok());
  EXPECT_TRUE(account_.keys.contains(kPair));
  EXPECT_TRUE(fs::exists(pem(kPair)));
  account_.instances["i-1"].state = "terminated";
  account_.instances["i-2"] = {"running", kPair, {}, "", {{"rayctl-cluster-id", "c1"}}};
  ASSERT_TRUE(remove_key_pairs(job(), home_).ok());
  EXPECT_TRUE(account_.keys.empty());
  EXPECT_EQ(files_in_ssh(), 0U);
  EXPECT_TRUE(remove_key_pairs(job(), home_).ok());
}

TEST_F(KeyPairs, TheFileOutlivesADeleteThatMayHaveFailed) {
  ASSERT_TRUE(make().ok());
  account_.lose_answer_of = "DeleteKeyPair";
  EXPECT_FALSE(remove_key_pairs(job(), home_).ok());
  EXPECT_TRUE(fs::exists(pem(kPair)));
  EXPECT_TRUE(remove_key_pairs(job(), home_).ok());
  EXPECT_EQ(files_in_ssh(), 0U);
}

TEST_F(KeyPairs, AnotherClusterOnThisMachineSharesItAndLeavesIt) {
  ASSERT_TRUE(make().ok());
  ResourceScope other = scope_;
  other.cluster = ClusterName{"other"};
  other.cluster_id = ClusterId{"c2"};
  const ResourceJob theirs{account_, clock_, other, soon()};
  const auto found = make_key_pair(theirs, home_, want_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->name, kPair);
  EXPECT_EQ(found->cluster, scope_.cluster_id);
  ASSERT_TRUE(remove_key_pairs(theirs, home_).ok());
  EXPECT_TRUE(account_.keys.contains(kPair));
  EXPECT_TRUE(fs::exists(pem(kPair)));
}

}  // namespace
}  // namespace rayctl::aws
