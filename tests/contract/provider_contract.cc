#include "tests/contract/provider_contract.h"

#include <algorithm>
#include <set>
#include <thread>

namespace rayctl {

void ProviderContract::TearDown() {
  for (const char* cluster : {"one", "two"}) {
    for (const CloudNode& node : list(cluster))
      EXPECT_TRUE(provider.terminate(node.id, soon()));
  }
}

Result<std::vector<CloudNode>> ProviderContract::launch(Provider& from, const std::string& token,
                                                        int count, const NodeSpec& spec,
                                                        const std::string& cluster) {
  LaunchRequest request{{cluster}, {}, &spec, {token}, {}};
  for (int i = 1; i <= count; ++i)
    request.nodes.push_back({spec.type.text + "-" + std::to_string(i)});
  request.tags = launch_tags(request.cluster, {"id-of-" + cluster}, spec, request.token);
  return from.create(request, soon());
}

namespace {

std::set<CloudId> ids(const std::vector<CloudNode>& nodes) {
  std::set<CloudId> all;
  for (const CloudNode& node : nodes)
    all.insert(node.id);
  return all;
}

TEST_P(ProviderContract, NothingIsThereAtFirst) {
  EXPECT_TRUE(list().empty());
}

TEST_P(ProviderContract, WhatIsMadeIsListedWithItsTags) {
  const auto made = launch(provider, "t1", 2, worker);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2U);
  const std::vector<CloudNode> seen = list();
  EXPECT_EQ(ids(seen), ids(*made));
  for (const CloudNode& node : seen) {
    EXPECT_TRUE(node.power == Power::kRunning || node.power == Power::kPending);
    EXPECT_EQ(node.cluster, ClusterId{"id-of-one"});
    EXPECT_EQ(node.type, NodeTypeName{"cpu"});
    EXPECT_EQ(node.token, OpToken{"t1"});
    EXPECT_EQ(node.name, std::nullopt) << "names are given after the launch";
    EXPECT_FALSE(node.head);
    EXPECT_EQ(node.tags.at(kTagClusterName), "one");
  }
}

TEST_P(ProviderContract, AHeadIsAHead) {
  ASSERT_TRUE(launch(provider, "t1", 1, head));
  ASSERT_EQ(list().size(), 1U);
  EXPECT_TRUE(list()[0].head);
}

TEST_P(ProviderContract, TheSameTokenMakesNoneTwice) {
  const auto first = launch(provider, "t1", 2, worker);
  const auto second = launch(*under_test.again(), "t1", 2, worker);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(ids(*first), ids(*second));
  EXPECT_EQ(list().size(), 2U);
}

TEST_P(ProviderContract, AnotherTokenMakesOthers) {
  const auto first = launch(provider, "t1", 1, worker);
  const auto second = launch(provider, "t2", 1, worker);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->at(0).id, second->at(0).id);
  EXPECT_EQ(list().size(), 2U);
}

TEST_P(ProviderContract, ClustersDoNotSeeEachOther) {
  ASSERT_TRUE(launch(provider, "t1", 1, worker, "one"));
  ASSERT_TRUE(launch(provider, "t2", 2, worker, "two"));
  EXPECT_EQ(list("one").size(), 1U);
  EXPECT_EQ(list("two").size(), 2U);
}

TEST_P(ProviderContract, TagsAreAddedAndLast) {
  const auto made = launch(provider, "t1", 1, head);
  ASSERT_TRUE(made);
  const CloudId id = made->at(0).id;
  ASSERT_TRUE(provider.set_tags(id, naming_tags({"one"}, {"main-1"}, true), soon()));
  ASSERT_TRUE(provider.set_tags(id, {{"extra", "a \"b\"\n"}}, soon()));
  const auto seen = under_test.again()->list({"one"}, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 1U);
  EXPECT_EQ(seen->at(0).name, NodeName{"main-1"});
  EXPECT_EQ(seen->at(0).tags.at("extra"), "a \"b\"\n");
  EXPECT_EQ(seen->at(0).token, OpToken{"t1"}) << "the tags of the launch are still there";
}

TEST_P(ProviderContract, TagsOfAMachineThatIsNotThereFail) {
  EXPECT_FALSE(provider.set_tags({"none"}, {{"a", "b"}}, soon()));
}

TEST_P(ProviderContract, TerminateEndsOneAndCanBeRepeated) {
  const auto made = launch(provider, "t1", 2, worker);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->size(), 2U);
  const CloudId id = made->at(0).id;
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(provider.terminate(id, soon()));
  for (const CloudNode& node : list()) {
    EXPECT_TRUE(node.id != id || node.power == Power::kStopping || node.power == Power::kGone);
  }
  const auto lives = [&](const CloudNode& node) {
    return node.power == Power::kRunning || node.power == Power::kPending;
  };
  const std::vector<CloudNode> left = list();
  EXPECT_EQ(std::count_if(left.begin(), left.end(), lives), 1);
  EXPECT_TRUE(provider.terminate({"none"}, soon()));
}

TEST_P(ProviderContract, ManyLaunchesAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const auto made = launch(provider, "t" + std::to_string(i), 2, worker);
      EXPECT_TRUE(made) << made.error().message;
      EXPECT_EQ(made ? made->size() : 0U, 2U);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  std::set<std::string> addresses;
  for (const CloudNode& node : list())
    addresses.insert(node.internal_ip);
  EXPECT_EQ(ids(list()).size(), 16U);
  EXPECT_EQ(addresses.size(), 16U);
}

TEST_P(ProviderContract, ManyLaunchesOfOneTokenMakeOne) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto client = under_test.again();
      const auto made = launch(*client, "same", 2, worker);
      EXPECT_TRUE(made) << made.error().message;
      EXPECT_EQ(made ? made->size() : 0U, 2U);
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(list().size(), 2U);
}

}  // namespace
}  // namespace rayctl
