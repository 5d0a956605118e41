#include "providers/gcp/resources.h"

#include <atomic>
#include <thread>

#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

class AllResources : public World {};

TEST_F(AllResources, AFreshClusterHasNothingAndWantsAll) {
  scope_.cluster_id = ClusterId{""};
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->wanted.size(), 3U);
  EXPECT_TRUE(all->seen.empty());
  EXPECT_TRUE(all->blocked.empty());
  EXPECT_EQ(project_.objects() + files_in_ssh(), 0U);
}

TEST_F(AllResources, WithAllRecordedALookIsOneCall) {
  make_all();
  project_.count_anew();
  Resources all = resources();
  const auto listed = all.list(scope_, soon());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(project_.calls, (std::map<std::string, int>{{"compute.firewalls.list", 1}}));
  ASSERT_EQ(listed->seen.size(), 3U);
  for (const SeenResource& each : listed->seen) {
    EXPECT_EQ(each.cluster, scope_.cluster_id) << each.name.text;
    EXPECT_EQ(each.differs, "");
    EXPECT_EQ(each.id, scope_.known[each.name].id);
  }
  EXPECT_TRUE(listed->notes.empty());
  EXPECT_EQ(all.key_file(), ssh(kPair) + ".pem");
}

TEST_F(AllResources, AThoroughLookSeesWhatIsGone) {
  make_all();
  project_.accounts.clear();
  const auto brief = resources().list(scope_, soon());
  ASSERT_TRUE(brief.ok());
  EXPECT_EQ(brief->seen.size(), 3U);
  scope_.thorough = true;
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->seen.size(), 2U);
  make_all();
  EXPECT_EQ(project_.accounts.size(), 1U);
}

TEST_F(AllResources, WhoHasLostTheStateFindsTheClusterByItsName) {
  make_all();
  scope_.known.clear();
  scope_.cluster_id = ClusterId{""};
  scope_.thorough = true;
  project_.page = 1;
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->seen.size(), 3U);
  for (const SeenResource& each : all->seen) {
    EXPECT_EQ(each.cluster, ClusterId{"c1"}) << each.name.text;
    EXPECT_EQ(each.exclusive, each.name.text != kKeyPairResource);
  }
  facts_.place.region = "us-east1";
  const auto elsewhere = resources().list(scope_, soon());
  ASSERT_TRUE(elsewhere.ok());
  EXPECT_TRUE(elsewhere->seen.empty()) << "another cluster of that name";
}

TEST_F(AllResources, OfTwoClustersOfThatNameNobodyIsTaken) {
  make_all();
  scope_.known.clear();
  scope_.cluster_id = ClusterId{"c2"};
  make_all();
  scope_.known.clear();
  scope_.cluster_id = ClusterId{""};
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->seen.empty());
  EXPECT_EQ(project_.objects(), 6U);
}

TEST_F(AllResources, APrivateKeyThatIsNotHereBlocks) {
  make_all();
  const std::string line = "ubuntu:" + scope_.known[{kKeyPairResource}].id + " ubuntu";
  project_.add_instance("head",
                        with({{"metadata", {{"items", {{{"key", "ssh-keys"}, {"value", line}}}}}}},
                             labels("demo", "c1", "head")));
  std::filesystem::remove(ssh(kPair) + ".pem");
  project_.count_anew();
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->blocked.size(), 1U);
  EXPECT_EQ(project_.calls.size(), 2U);
}

// As a `down` leaves it that was killed before it recorded the removal.
TEST_F(AllResources, APrivateKeyThatOpensNoMachineIsMadeAnew) {
  make_all();
  std::filesystem::remove(ssh(kPair) + ".pem");
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->blocked.empty());
  EXPECT_EQ(all->seen.size(), 2U);
  make_all();
  EXPECT_EQ(resources().list(scope_, soon())->seen.size(), 3U);
}

TEST_F(AllResources, ALaunchHasWhatWasMade) {
  Resources all = resources();
  for (const ResourceSpec& spec : wanted_resources(config_, facts_))
    ASSERT_TRUE(all.make(scope_, spec, soon()).ok());
  project_.count_anew();
  const auto parts = all.for_launch(scope_, true, soon());
  ASSERT_TRUE(parts.ok());
  EXPECT_TRUE(project_.calls.empty());
  ASSERT_EQ(parts->ssh_keys.size(), 1U);
  EXPECT_TRUE(parts->ssh_keys[0].starts_with("ubuntu:ssh-ed25519 AAAA"));
  EXPECT_TRUE(parts->ssh_keys[0].ends_with(" ubuntu"));
  EXPECT_EQ(parts->network, std::string(kNetworks) + "default");
  EXPECT_EQ(parts->subnetwork, std::string(kSubnetworks) + "default");
  EXPECT_TRUE(parts->external_address);
  EXPECT_EQ(parts->network_tag, tag());
  EXPECT_EQ(parts->service_account, email());
  EXPECT_EQ(all.for_launch(scope_, false, soon())->service_account, "");
}

// On the head, where no private key is.
TEST_F(AllResources, ALaunchOfWorkersTakesWhatIsRecorded) {
  make_all();
  const auto here = resources().for_launch(scope_, false, soon());
  std::filesystem::remove_all(home_ + "/.ssh");
  project_.count_anew();
  const auto there = resources().for_launch(scope_, false, soon());
  ASSERT_TRUE(here.ok() && there.ok());
  EXPECT_EQ(*here, *there);
  EXPECT_EQ(project_.calls, (std::map<std::string, int>{{"compute.subnetworks.list", 1}}));
}

TEST_F(AllResources, AKeyThatNobodyHasIsThatOfTheHead) {
  config_.auth["ssh_private_key"] = "~/.ssh/given";
  scope_.cluster_id = ClusterId{"c1"};
  const Json keys{
      {"metadata", {{"items", {{{"key", "ssh-keys"}, {"value", "ubuntu:ssh-rsa AAAA u\n"}}}}}}};
  project_.add_instance("head", with(keys, labels("demo", "c1", "head")));
  project_.add_instance("other", labels("demo", "c2", "head"));
  Resources all = resources();
  for (int twice = 0; twice < 2; ++twice) {
    const auto parts = all.for_launch(scope_, false, soon());
    ASSERT_TRUE(parts.ok());
    EXPECT_EQ(parts->ssh_keys, std::vector<std::string>{"ubuntu:ssh-rsa AAAA u"});
  }
  EXPECT_EQ(project_.calls["compute.instances.aggregatedList"], 1);
  const std::string line = put_key("given", "mine");
  EXPECT_EQ(resources().for_launch(scope_, false, soon())->ssh_keys,
            std::vector<std::string>{"ubuntu:" + line + " ubuntu"});
}

TEST_F(AllResources, ALaunchIntoGivenNetworksAddsNone) {
  for (NodeTypeConfig& type : config_.node_types)
    type.node_config["networkInterfaces"] = {{{"network", "n"}}};
  config_.provider_settings["use_internal_ips"] = true;
  make_all();
  project_.count_anew();
  const auto parts = resources().for_launch(scope_, false, soon());
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->network + parts->subnetwork + parts->network_tag, "");
  EXPECT_FALSE(parts->external_address);
  EXPECT_TRUE(project_.calls.empty());
  EXPECT_EQ(resources().list_access(scope_, soon()).error().code, ErrorCode::kNotSupported);
}

// As an import records the account of a head that Ray's launcher made.
TEST_F(AllResources, WhatWasFoundUnderAnotherNameIsLookedForByIt) {
  const std::string rays = "ray-autoscaler-sa-v1@p.iam.gserviceaccount.com";
  project_.accounts[rays] = {{"email", rays}};
  scope_.known[{kServiceAccountResource}] = {
      .title = "ray-autoscaler-sa-v1", .id = rays, .needs = {}};
  scope_.thorough = true;
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->seen.size(), 1U);
  EXPECT_EQ(all->seen[0].title, "ray-autoscaler-sa-v1");
  EXPECT_EQ(all->seen[0].cluster, std::nullopt);
  EXPECT_EQ(resources().for_launch(scope_, true, soon())->service_account, rays);
  ASSERT_TRUE(remove_all().ok());
  EXPECT_TRUE(project_.accounts.contains(rays));
  project_.accounts.clear();
  EXPECT_TRUE(resources().list(scope_, soon())->seen.empty()) << "then one of ours is made";
}

TEST_F(AllResources, WhatIsRecordedAndNoLongerWantedIsGivenAsRecorded) {
  make_all();
  config_.auth["ssh_private_key"] = "~/.ssh/given";
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->wanted.size(), 2U);
  EXPECT_EQ(all->seen.size(), 3U);
}

TEST_F(AllResources, DownLeavesAnEmptyProjectAndHome) {
  make_all();
  EXPECT_EQ(project_.objects(), 3U);
  ASSERT_TRUE(remove_all().ok());
  EXPECT_EQ(project_.objects() + files_in_ssh(), 0U);
  EXPECT_TRUE(project_.members().empty());
}

TEST_F(AllResources, WhatCarriesAnotherClustersIdIsNeverRemoved) {
  make_all();
  for (const char* id : {"c2", ""}) {
    scope_.cluster_id = ClusterId{id};
    ASSERT_TRUE(remove_all().ok());
    EXPECT_EQ(project_.objects(), 3U);
    EXPECT_EQ(files_in_ssh(), 1U);
  }
}

TEST_F(AllResources, AnUnknownNameIsRefused) {
  EXPECT_FALSE(resources().remove(scope_, ResourceName{"bucket"}, soon()).ok());
  ResourceSpec spec;
  spec.name = ResourceName{"bucket"};
  EXPECT_FALSE(resources().make(scope_, spec, soon()).ok());
}

TEST_F(AllResources, AnErrorOfOneLookIsTheAnswer) {
  project_.lose_answer_of = "iam.projects.serviceAccounts.get";
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
      const auto parts = all.for_launch(scope_, true, soon());
      if (listed && listed->seen.size() == 3 && parts && parts->network_tag == tag()) ++good;
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
  void kill_at(int call) {
    project_.count_anew();
    project_.kill_at = call;
    project_.kill_after_effect = GetParam();
  }
  void expect_all_once() {
    EXPECT_EQ(project_.firewalls.size(), 2U);
    EXPECT_EQ(project_.accounts.size(), 1U);
    EXPECT_EQ(project_.members().size(), 3U);
    EXPECT_EQ(files_in_ssh(), 1U);
    scope_.thorough = true;
    scope_.known.clear();
    const auto all = resources().list(scope_, soon());
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(all->seen.size(), 3U);
    EXPECT_TRUE(all->blocked.empty());
    for (const SeenResource& each : all->seen) {
      EXPECT_EQ(each.differs, "") << each.name.text;
      EXPECT_EQ(each.cluster, scope_.cluster_id) << each.name.text;
    }
  }
  void expect_nothing(int call) {
    EXPECT_EQ(project_.objects() + files_in_ssh(), 0U) << call;
    EXPECT_TRUE(project_.members().empty()) << call;
  }
};

TEST_P(KilledAt, MakingGoesOnWhereItStopped) {
  project_.iam_delay = Millis{2'000};
  int kills = 0;
  for (int call = 1;; ++call, ++kills) {
    kill_at(call);
    if (try_to_make()) break;
    kill_at(0);
    ASSERT_TRUE(try_to_make()) << call;
    expect_all_once();
    clock_.turn(project_.iam_delay);
    ASSERT_TRUE(try_to_remove());
    expect_nothing(call);
  }
  EXPECT_GT(kills, 10);
}

TEST_P(KilledAt, WhatWasHalfMadeIsRemovedWithoutARecord) {
  int kills = 0;
  for (int call = 1;; ++call, ++kills) {
    kill_at(call);
    if (try_to_make()) break;
    kill_at(0);
    ASSERT_TRUE(try_to_remove()) << call;
    expect_nothing(call);
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
    expect_nothing(call);
  }
  EXPECT_GT(kills, 8);
}

INSTANTIATE_TEST_SUITE_P(BeforeOrAfterTheEffect, KilledAt, ::testing::Bool());

}  // namespace
}  // namespace rayctl::gcp
