#include "providers/aws/resources.h"

#include <thread>

#include "tests/aws_resources/world.h"

namespace rayctl::aws {
namespace {

class AllResources : public World {};

TEST_F(AllResources, AFreshClusterHasNothingAndWantsAll) {
  scope_.cluster_id = ClusterId{""};
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->wanted.size(), 4U);
  EXPECT_TRUE(all->seen.empty());
  EXPECT_TRUE(all->blocked.empty());
  EXPECT_EQ(account_.objects(), 0U);
}

TEST_F(AllResources, WithAllRecordedALookIsOneCall) {
  make_all();
  account_.count_anew();
  Resources all = resources();
  const auto listed = all.list(scope_, soon());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(account_.calls, (std::map<std::string, int>{{"DescribeSecurityGroups", 1}}));
  ASSERT_EQ(listed->seen.size(), 4U);
  for (const SeenResource& each : listed->seen) {
    EXPECT_EQ(each.cluster, scope_.cluster_id) << each.name.text;
    EXPECT_EQ(each.differs, "");
    EXPECT_EQ(each.id, scope_.known[each.name].id);
  }
  EXPECT_EQ(all.ids(), (KnownIds{kPair, account_.groups.begin()->first,
                                 FakeAccount::arn("instance-profile", "rayctl-demo-us-west-2")}));
  EXPECT_EQ(all.key_file(), pem(kPair));
}

TEST_F(AllResources, AThoroughLookSeesWhatIsGone) {
  make_all();
  account_.roles.clear();
  account_.keys.clear();
  const auto brief = resources().list(scope_, soon());
  ASSERT_TRUE(brief.ok());
  EXPECT_EQ(brief->seen.size(), 4U);
  scope_.thorough = true;
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->seen.size(), 2U);
  make_all();
  EXPECT_EQ(account_.objects(), 4U);
}

// As an import records the role of a head that Ray's launcher made.
TEST_F(AllResources, WhatWasFoundUnderAnotherNameIsLookedForByIt) {
  account_.roles["ray-autoscaler-v1"] = {};
  account_.profiles["ray-autoscaler-v1"].role = "ray-autoscaler-v1";
  for (const char* name : {kRoleResource, kInstanceProfileResource})
    scope_.known[{name}] = {.title = "ray-autoscaler-v1", .id = "", .needs = {}};
  scope_.thorough = true;
  Resources all = resources();
  const auto listed = all.list(scope_, soon());
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->seen.size(), 2U);
  for (const SeenResource& each : listed->seen) {
    EXPECT_EQ(each.title, "ray-autoscaler-v1");
    EXPECT_FALSE(each.cluster);
  }
  EXPECT_EQ(all.ids().instance_profile_arn,
            FakeAccount::arn("instance-profile", "ray-autoscaler-v1"));
  account_.roles.clear();
  account_.profiles.clear();
  const auto gone = resources().list(scope_, soon());
  ASSERT_TRUE(gone.ok());
  EXPECT_TRUE(gone->seen.empty()) << "then one of ours is made";
}

TEST_F(AllResources, APrivateKeyThatIsNotHereBlocksWithoutACall) {
  make_all();
  std::filesystem::remove(pem(kPair));
  account_.count_anew();
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->blocked.size(), 1U);
  EXPECT_EQ(account_.calls.size(), 1U);
}

TEST_F(AllResources, ALaunchOfWorkersTakesWhatIsRecordedWithoutACall) {
  make_all();
  std::filesystem::remove(pem(kPair));
  account_.count_anew();
  const auto ids = resources().ids_for_launch(scope_, false, soon());
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(*ids, (KnownIds{kPair, account_.groups.begin()->first, ""}));
  EXPECT_TRUE(account_.calls.empty());
  const auto of_head = resources().ids_for_launch(scope_, true, soon());
  ASSERT_TRUE(of_head.ok());
  EXPECT_EQ(of_head->instance_profile_arn,
            FakeAccount::arn("instance-profile", "rayctl-demo-us-west-2"));
}

TEST_F(AllResources, ALaunchOfWorkersLooksForNoRole) {
  make_all();
  scope_.known.clear();
  account_.count_anew();
  const auto ids = resources().ids_for_launch(scope_, false, soon());
  ASSERT_TRUE(ids.ok());
  EXPECT_EQ(*ids, (KnownIds{kPair, account_.groups.begin()->first, ""}));
  EXPECT_FALSE(account_.calls.contains("GetRole"));
  EXPECT_FALSE(account_.calls.contains("GetInstanceProfile"));
}

TEST_F(AllResources, WhatIsRecordedAndNoLongerWantedIsGivenAsRecorded) {
  make_all();
  for (NodeTypeConfig& type : config_.node_types)
    type.node_config["KeyName"] = "mine";
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->wanted.size(), 3U);
  EXPECT_EQ(all->seen.size(), 4U);
}

TEST_F(AllResources, DownLeavesAnEmptyAccountAndHome) {
  make_all();
  EXPECT_EQ(account_.objects(), 4U);
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 0U);
  EXPECT_EQ(files_in_ssh(), 0U);
}

TEST_F(AllResources, WhatCarriesAnotherClustersIdIsNeverRemoved) {
  make_all();
  scope_.cluster_id = ClusterId{"c2"};
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 4U);
  EXPECT_EQ(files_in_ssh(), 1U);
  scope_.cluster_id = ClusterId{""};
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(account_.objects(), 4U);
}

TEST_F(AllResources, AnUnknownNameIsRefused) {
  EXPECT_FALSE(resources().remove(scope_, ResourceName{"bucket"}, soon()).ok());
  ResourceSpec spec;
  spec.name = ResourceName{"bucket"};
  EXPECT_FALSE(resources().make(scope_, spec, soon()).ok());
}

TEST_F(AllResources, AnErrorOfOneLookIsTheAnswer) {
  account_.lose_answer_of = "GetInstanceProfile";
  EXPECT_FALSE(resources().list(scope_, soon()).ok());
}

TEST_F(AllResources, ManyMayListAtOnce) {
  make_all();
  scope_.thorough = true;
  Resources all = resources();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int n = 0; n < 8; ++n) {
    threads.emplace_back([&] {
      const auto listed = all.list(scope_, soon());
      if (listed && listed->seen.size() == 4 && all.ids().key_name == kPair) ++good;
    });
  }
  for (std::thread& each : threads)
    each.join();
  EXPECT_EQ(good, 8);
}

/// Ends the program at each call in turn, before its effect or after it.
class KilledAt : public World, public ::testing::WithParamInterface<bool> {
 protected:
  /// Makes all without recording; false if it was killed.
  bool try_to_make() {
    Resources all = resources();
    for (const ResourceSpec& spec : wanted_resources(config_, facts_)) {
      try {
        const auto made = all.make(scope_, spec, soon());
        EXPECT_TRUE(made.ok()) << made.error().message;
      } catch (const Killed&) {
        return false;
      }
    }
    return true;
  }
  bool try_to_remove() {
    try {
      const Result<> removed = remove_all();
      EXPECT_TRUE(removed.ok()) << removed.error().message;
    } catch (const Killed&) {
      return false;
    }
    return true;
  }
  /// As a plan does it that knows of no records.
  bool try_to_remove_what_is_seen() {
    Resources all = resources();
    const auto listed = all.list(scope_, soon());
    if (!listed) return false;
    for (const char* name :
         {kInstanceProfileResource, kRoleResource, kSecurityGroupResource, kKeyPairResource}) {
      const bool seen =
          std::any_of(listed->seen.begin(), listed->seen.end(), [&](const SeenResource& each) {
            return each.name.text == name && each.cluster == scope_.cluster_id;
          });
      if (seen && !all.remove(scope_, ResourceName{name}, soon())) return false;
    }
    return true;
  }
  void kill_at(int call) {
    account_.count_anew();
    account_.kill_at = call;
    account_.kill_after_effect = GetParam();
  }
  void expect_all_once() {
    EXPECT_EQ(account_.keys.size(), 1U);
    EXPECT_EQ(account_.groups.size(), 1U);
    EXPECT_EQ(account_.roles.size(), 1U);
    EXPECT_EQ(account_.profiles.size(), 1U);
    EXPECT_EQ(files_in_ssh(), 1U);
    scope_.thorough = true;
    scope_.known.clear();
    const auto all = resources().list(scope_, soon());
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(all->seen.size(), 4U);
    EXPECT_TRUE(all->blocked.empty());
    for (const SeenResource& each : all->seen) {
      EXPECT_EQ(each.differs, "") << each.name.text;
      EXPECT_EQ(each.cluster, scope_.cluster_id) << each.name.text;
    }
  }
};

TEST_P(KilledAt, MakingGoesOnWhereItStopped) {
  account_.iam_delay = Millis{2'000};
  int kills = 0;
  for (int call = 1;; ++call, ++kills) {
    kill_at(call);
    if (try_to_make()) break;
    kill_at(0);
    ASSERT_TRUE(try_to_make()) << call;
    expect_all_once();
    clock_.turn(account_.iam_delay);
    ASSERT_TRUE(try_to_remove());
    ASSERT_EQ(account_.objects() + files_in_ssh(), 0U);
  }
  EXPECT_GT(kills, 10);
}

TEST_P(KilledAt, WhatWasHalfMadeIsSeenAndRemovedWithoutARecord) {
  int kills = 0;
  for (int call = 1;; ++call, ++kills) {
    kill_at(call);
    if (try_to_make()) break;
    kill_at(0);
    ASSERT_TRUE(try_to_remove_what_is_seen()) << call;
    EXPECT_EQ(account_.objects(), 0U) << call;
    EXPECT_EQ(files_in_ssh(), 0U) << call;
  }
  EXPECT_GT(kills, 10);
}

TEST_P(KilledAt, RemovingGoesOnWhereItStopped) {
  int kills = 0;
  for (int call = 1;; ++call, ++kills) {
    kill_at(0);
    ASSERT_TRUE(try_to_make());
    kill_at(call);
    if (try_to_remove()) break;
    kill_at(0);
    ASSERT_TRUE(try_to_remove()) << call;
    EXPECT_EQ(account_.objects(), 0U) << call;
    EXPECT_EQ(files_in_ssh(), 0U) << call;
  }
  EXPECT_GT(kills, 10);
}

INSTANTIATE_TEST_SUITE_P(BeforeOrAfterTheEffect, KilledAt, ::testing::Bool());

}  // namespace
}  // namespace rayctl::aws
