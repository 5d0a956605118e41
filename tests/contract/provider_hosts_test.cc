// Private hosts whose "machines" are home folders on this one: everything but SSH is real.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/files.h"
#include "providers/hosts/host_tags.h"
#include "providers/hosts/hosts_provider.h"
#include "tests/contract/provider_contract.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// A private network: a home per host, and the hosts that do not answer.
struct Network {
  Network() {
    std::string pattern = testing::TempDir() + "hosts-XXXXXX";
    root = ::mkdtemp(pattern.data());
  }
  ~Network() { fs::remove_all(root); }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  fs::path home(const std::string& host) const {
    const auto shared = shares_home.find(host);
    return root / (shared == shares_home.end() ? host : shared->second);
  }
  Result<std::unique_ptr<CommandRunner>> runner(const std::string& host) {
    if (silent.contains(host)) {
      return transient(ErrorCode::kConnectionLost, "connection refused");
    }
    fs::create_directories(home(host));
    return std::unique_ptr<CommandRunner>(std::make_unique<LocalRunner>(LocalRunnerSettings{
        .home = home(host).string(), .env = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}}}));
  }

  fs::path root;
  std::set<std::string> silent;
  std::map<std::string, std::string> shares_home;
  std::vector<CloudNode> recorded;
  std::vector<std::string> emptied;
  bool stuck = false;  ///< what runs on a host cannot be ended
};

hosts::HostsSettings settings(const std::shared_ptr<Network>& network, int workers) {
  hosts::HostsSettings made;
  made.head = "10.0.0.1";
  for (int i = 0; i < workers; ++i)
    made.workers.push_back("10.0.0." + std::to_string(i + 2));
  made.runner = [network](const std::string& host) { return network->runner(host); };
  made.recorded = [network] { return network->recorded; };
  made.empty_host = [network](const CloudNode& host, Time) -> Result<> {
    if (network->stuck) return unknown_outcome(ErrorCode::kTerminateFailed, "it does not end");
    network->emptied.push_back(host.id.text);
    return {};
  };
  return made;
}

ProviderUnderTest private_hosts() {
  const auto network = std::make_shared<Network>();
  const auto again = [network] {
    return std::make_unique<hosts::HostsProvider>(settings(network, 20));
  };
  return {again(), again, network};
}

INSTANTIATE_TEST_SUITE_P(Hosts, ProviderContract, testing::Values(ProviderFactory(private_hosts)));

class PrivateHosts : public testing::Test {
 public:
  PrivateHosts() {
    worker.type = {"cpu"};
    head.type = {"main"};
    head.head = true;
  }
  Time soon() const { return clock.now() + Millis{30'000}; }
  std::unique_ptr<hosts::HostsProvider> provider(int workers = 3) {
    return std::make_unique<hosts::HostsProvider>(settings(network, workers));
  }
  Result<std::vector<CloudNode>> create(Provider& from, const std::string& token, int count,
                                        const std::string& cluster = "c", bool as_head = false) {
    const NodeSpec& spec = as_head ? head : worker;
    LaunchRequest request{.cluster = {cluster}, .spec = &spec, .token = {token}, .why_fewer = &why};
    for (int i = 1; i <= count; ++i)
      request.nodes.push_back({"cpu-" + std::to_string(i)});
    request.tags = launch_tags({cluster}, {"id-of-" + cluster}, spec, {token});
    why.clear();
    return from.create(request, soon());
  }
  static std::vector<std::string> ids(const std::vector<CloudNode>& nodes) {
    std::vector<std::string> all;
    for (const CloudNode& node : nodes)
      all.push_back(node.id.text);
    return all;
  }
  static std::string unseen(const std::vector<CloudNode>& nodes, const std::string& host) {
    for (const CloudNode& node : nodes) {
      if (node.id.text == host) return node.unseen;
    }
    return "not listed";
  }
  fs::path tags_of(const std::string& host) { return network->home(host) / ".rayctl/host/tags"; }

  using Texts = std::vector<std::string>;
  SystemClock clock;
  NodeSpec worker, head;
  std::string why;
  std::shared_ptr<Network> network = std::make_shared<Network>();
};

TEST_F(PrivateHosts, TheHeadIsTheHostThatTheFileNames) {
  const auto hosts = provider();
  const auto made = create(*hosts, "t", 1, "c", true);
  ASSERT_TRUE(made);
  EXPECT_EQ(ids(*made), Texts{"10.0.0.1"});
  EXPECT_TRUE(made->at(0).head);
  const auto another = create(*hosts, "u", 1, "d", true);
  ASSERT_FALSE(another);
  EXPECT_EQ(another.error().code, ErrorCode::kLaunchFailed);
  EXPECT_EQ(another.error().message, "host 10.0.0.1 is taken: cluster c (id id-of-c) has it");
}

TEST_F(PrivateHosts, TwoClustersNeverHaveOneHost) {
  constexpr int kHosts = 8;
  for (int round = 0; round < 5; ++round) {
    std::vector<std::vector<std::string>> taken(4);
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          const auto hosts = provider(kHosts);
          LaunchRequest request{{"same"}, {}, &worker, {"t" + std::to_string(i)}, {}, nullptr};
          for (int n = 0; n < kHosts; ++n)
            request.nodes.push_back({"cpu-" + std::to_string(n)});
          // The same name and four ids: four stores that know nothing of each other.
          request.tags = launch_tags({"same"}, {"id-" + std::to_string(i)}, worker, request.token);
          const auto made = hosts->create(request, soon());
          if (made) taken[static_cast<std::size_t>(i)] = ids(*made);
        });
      }
    }
    std::set<std::string> all;
    std::size_t count = 0;
    for (const auto& each : taken) {
      all.insert(each.begin(), each.end());
      count += each.size();
    }
    EXPECT_EQ(count, static_cast<std::size_t>(kHosts));
    EXPECT_EQ(all.size(), static_cast<std::size_t>(kHosts));
    for (const std::string& host : all)
      EXPECT_TRUE(provider(kHosts)->terminate({host}, soon()));
  }
}

TEST_F(PrivateHosts, ARefusalNamesWhoHasIt) {
  const auto hosts = provider(2);
  const auto first = create(*hosts, "t", 1, "theirs");
  ASSERT_TRUE(first);
  ASSERT_TRUE(hosts->set_tags(first->at(0).id, naming_tags({"theirs"}, {"cpu-7"}, false), soon()));
  const auto made = create(*hosts, "u", 2, "mine");
  ASSERT_TRUE(made);
  EXPECT_EQ(ids(*made), Texts{"10.0.0.3"});
  EXPECT_EQ(why, "host 10.0.0.2 is taken: cluster theirs (id id-of-theirs) has it as cpu-7");
  const auto none = create(*hosts, "v", 1, "mine");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            "host 10.0.0.2 is taken: cluster theirs (id id-of-theirs) has it as cpu-7");
}

TEST_F(PrivateHosts, MoreThanTheFileNamesIsNotThere) {
  const auto hosts = provider(2);
  ASSERT_TRUE(create(*hosts, "t", 2));
  const auto more = create(*hosts, "u", 1);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().message, "provider.worker_ips names no other host that is free");
}

TEST_F(PrivateHosts, AHostThatDoesNotAnswerIsNamedAndIsNoError) {
  const auto hosts = provider(3);
  network->silent = {"10.0.0.3"};
  const auto made = create(*hosts, "t", 3);
  ASSERT_TRUE(made);
  EXPECT_EQ(ids(*made), (Texts{"10.0.0.2", "10.0.0.4"}));
  EXPECT_EQ(why, "host 10.0.0.3 does not answer: connection refused");
  network->silent.clear();
  const auto again = create(*hosts, "t", 3);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->size(), 3U);
  EXPECT_EQ(why, "");

  CloudNode record{.id = {"10.0.0.4"}, .cluster = ClusterId{"id-of-c"}, .name = NodeName{"cpu-3"}};
  network->recorded = {record};
  network->silent = {"10.0.0.4", "10.0.0.1"};
  const auto seen = hosts->list({"c"}, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(ids(*seen), (Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}));
  record.unseen = "connection refused";
  EXPECT_EQ(seen->at(3), record) << "as the record has it";
  EXPECT_EQ(unseen(*seen, "10.0.0.1"), "connection refused");
  EXPECT_EQ(seen->at(0).cluster, std::nullopt) << "whose it is is not known";
  EXPECT_EQ(unseen(*seen, "10.0.0.2"), "");
  const auto gone = hosts->terminate({"10.0.0.4"}, soon());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().fault, Fault::kTransient);
}

TEST_F(PrivateHosts, AHostThatTheFileNoLongerNamesIsListedAsUnwanted) {
  const auto before = provider(3);
  ASSERT_TRUE(create(*before, "t", 3));
  ASSERT_TRUE(create(*before, "u", 1, "c", true));
  network->recorded = {CloudNode{.id = {"10.0.0.4"}}};
  hosts::HostsSettings fewer = settings(network, 2);
  fewer.head = "10.0.0.3";  // a worker until now
  fewer.workers = {"10.0.0.1", "10.0.0.2"};
  const auto after = std::make_unique<hosts::HostsProvider>(fewer);
  const auto seen = after->list({"c"}, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(ids(*seen), (Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}));
  EXPECT_EQ(seen->at(0).unwanted, "provider.head_ip is now 10.0.0.3");
  EXPECT_EQ(seen->at(1).unwanted, "");
  EXPECT_EQ(seen->at(2).unwanted, "host 10.0.0.3 is now provider.head_ip");
  EXPECT_EQ(seen->at(3).unwanted, "host 10.0.0.4 is no longer in provider.worker_ips");
  ASSERT_TRUE(after->terminate({"10.0.0.4"}, soon()));
  EXPECT_FALSE(fs::exists(network->home("10.0.0.4") / ".rayctl"));
}

TEST_F(PrivateHosts, ReleasingEndsWhatRunsFirstAndRemovesOnlyWhatIsOurs) {
  const auto hosts = provider(1);
  ASSERT_TRUE(create(*hosts, "t", 1));
  const fs::path home = network->home("10.0.0.2");
  fs::create_directories(home / ".rayctl/ops/x");
  std::ofstream(home / ".rayctl/ray_token") << "secret";
  std::ofstream(home / "data") << "theirs";
  network->stuck = true;
  ASSERT_FALSE(hosts->terminate({"10.0.0.2"}, soon()));
  EXPECT_TRUE(fs::exists(tags_of("10.0.0.2"))) << "the next run must find it";
  network->stuck = false;
  ASSERT_TRUE(hosts->terminate({"10.0.0.2"}, soon()));
  EXPECT_EQ(network->emptied, Texts{"10.0.0.2"});
  EXPECT_FALSE(fs::exists(home / ".rayctl"));
  EXPECT_TRUE(fs::exists(home / "data"));
  ASSERT_TRUE(hosts->terminate({"10.0.0.2"}, soon()));
  EXPECT_EQ(network->emptied.size(), 1U) << "it was not ours any more";
}

TEST_F(PrivateHosts, AHostThatSomebodyElseTookMeanwhileIsLeftAlone) {
  const auto mine = provider(1);
  ASSERT_TRUE(create(*mine, "t", 1, "mine"));
  ASSERT_TRUE(provider(1)->terminate({"10.0.0.2"}, soon()));
  ASSERT_TRUE(create(*provider(1), "u", 1, "theirs"));
  network->emptied.clear();
  const auto tagged = mine->set_tags({"10.0.0.2"}, {{"a", "b"}}, soon());
  ASSERT_FALSE(tagged);
  EXPECT_EQ(tagged.error().code, ErrorCode::kProviderRefused);
  EXPECT_TRUE(mine->terminate({"10.0.0.2"}, soon()));
  EXPECT_TRUE(network->emptied.empty());
  EXPECT_EQ(provider(1)->list({"theirs"}, soon())->size(), 1U);
}

TEST_F(PrivateHosts, AHomeThatTwoHostsShareIsOneHost) {
  network->shares_home = {{"10.0.0.3", "10.0.0.2"}};
  const auto hosts = provider(2);
  const auto made = create(*hosts, "t", 2);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->size(), 1U);
  EXPECT_NE(why.find("or is the same machine"), std::string::npos) << why;
  EXPECT_EQ(hosts->list({"c"}, soon())->size(), 1U);
}

TEST_F(PrivateHosts, WhatAKilledTakerLeavesIsFree) {
  const auto hosts = provider(1);
  const fs::path folder = network->home("10.0.0.2") / ".rayctl/host";
  fs::create_directories(folder);
  std::ofstream(folder / "lock") << "";
  std::ofstream(folder / "tags.new") << "rayctl-op=half";
  EXPECT_TRUE(hosts->list({"c"}, soon())->empty());
  ASSERT_TRUE(create(*hosts, "t", 1));
  EXPECT_EQ(hosts->list({"c"}, soon())->at(0).token, OpToken{"t"});
}

TEST_F(PrivateHosts, FilesOnTheHostAreItsUsersAlone) {
  ASSERT_TRUE(create(*provider(1), "t", 1));
  EXPECT_EQ(fs::status(tags_of("10.0.0.2")).permissions(), fs::perms(0600));
}

TEST(HostTags, AnyTextComesBack) {
  const Tags odd{{"a", ""}, {"b=c", "1=2"}, {"d", "x\ny\\n\n"}, {"e\nf\\", "\\"}, {"g", " *'\" "}};
  EXPECT_EQ(hosts::parse_tags(hosts::format_tags(odd)), odd);
  EXPECT_EQ(hosts::parse_tags("a=1\n\nnonsense\na=2"), (Tags{{"a", "2"}}));
}

}  // namespace
}  // namespace rayctl
