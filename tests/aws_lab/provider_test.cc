// The provider's contract, and what AWS adds to it, against the account of the AWS lab.
#include "tests/aws_lab/account.h"
#include "tests/contract/provider_contract.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>

namespace rayctl {
namespace {

const Json kMachine = {{"InstanceType", "m5.large"}, {"ImageId", "ami-lab"}};

// Without node types the config needs no resource: machines come with what the account has.
ProviderUnderTest in_an_account() {
  const auto account = std::make_shared<Account>();
  account->config.provider_settings["cache_stopped_nodes"] = false;
  const auto again = [account] { return account->make().provider; };
  return {again(), again, account, kMachine};
}

INSTANTIATE_TEST_SUITE_P(Aws, ProviderContract, testing::Values(ProviderFactory(in_an_account)));

class AwsProviderTest : public testing::Test {
 public:
  AwsProviderTest() {
    account.config.head_type = {"main"};
    account.config.node_types.resize(2);
    account.config.node_types[0].name = {"main"};
    account.config.node_types[1].name = {"cpu"};
    account.config.node_types[1].max_workers = 4;
    for (NodeTypeConfig& type : account.config.node_types)
      type.node_config = kMachine;
    worker.type = {"cpu"};
    worker.launch = kMachine;
    worker.digests.launch = Digest{"launch-1"};
  }
  void TearDown() override { EXPECT_TRUE(account.ask("validator")["bad"].empty()); }

  Result<std::vector<CloudNode>> launch(Provider& provider, const std::string& token, int count) {
    LaunchRequest request{scope.cluster, {}, &worker, {token}, {}};
    for (int i = 1; i <= count; ++i)
      request.nodes.push_back({"cpu-" + std::to_string(i)});
    request.tags = launch_tags(scope.cluster, scope.cluster_id, worker, request.token);
    return provider.create(request, account.soon());
  }
  /// The machine once it has that power; the test fails if that does not come. Gone is what is not
  /// listed any more.
  CloudNode once(Provider& provider, const CloudId& id, Power power) {
    for (int look = 0; look < 200; ++look) {
      const auto seen = provider.list(scope.cluster, account.soon());
      EXPECT_TRUE(seen) << seen.error().message;
      if (!seen) break;
      CloudNode found{.id = id, .power = Power::kGone};
      for (const CloudNode& node : *seen) {
        if (node.id == id) found = node;
      }
      if (found.power == power) return found;
      std::this_thread::sleep_for(Millis{50});
    }
    ADD_FAILURE() << id.text << " does not come to that power";
    return {};
  }

  Account account;
  NodeSpec worker;
  ResourceScope scope{
      .cluster = {"one"}, .cluster_id = {"id-of-one"}, .known = {}, .thorough = true};
};

TEST_F(AwsProviderTest, ResourcesAreMadeFoundAndRemoved) {
  const auto provider = account.make().provider;
  auto seen = provider->list_resources(scope, account.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->wanted.size(), 4U);
  EXPECT_TRUE(seen->seen.empty());
  for (const ResourceSpec& spec : seen->wanted) {
    for (int time = 0; time < 2; ++time) {
      const auto made = provider->make_resource(scope, spec, account.soon());
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_EQ(made->cluster, scope.cluster_id);
      scope.known[spec.name] = {spec.provider, made->title, made->id, true, spec.needs};
    }
  }
  // Another client, which knows nothing of the first: on record, a look is one call.
  const auto other = account.make().provider;
  account.tell("calls/reset");
  scope.thorough = false;
  seen = other->list_resources(scope, account.soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen.size(), 4U);
  EXPECT_EQ(account.calls(), (std::map<std::string, int>{{"DescribeSecurityGroups", 1}}));
  scope.thorough = true;
  seen = other->list_resources(scope, account.soon());
  ASSERT_TRUE(seen);
  for (const SeenResource& each : seen->seen) {
    EXPECT_EQ(each.id, scope.known[each.name].id) << each.name.text;
    EXPECT_EQ(each.differs, "") << each.name.text;
  }
  ASSERT_TRUE(launch(*other, "t1", 1)) << "a launch with the cluster's key pair and group";
  const CloudNode node = other->list(scope.cluster, account.soon())->at(0);
  ASSERT_TRUE(other->terminate(node.id, account.soon()));
  once(*other, node.id, Power::kGone);
  for (auto spec = seen->wanted.rbegin(); spec != seen->wanted.rend(); ++spec) {
    for (int time = 0; time < 2; ++time)
      EXPECT_TRUE(other->remove_resource(scope, spec->name, account.soon())) << spec->name.text;
  }
  EXPECT_EQ(account.kinds(), std::vector<std::string>{});
}

// As on the head: no private half, and none of the operator's rights.
TEST_F(AwsProviderTest, AWorkerIsLaunchedWithTheHeadsRightsAlone) {
  account.config.provider_settings["cache_stopped_nodes"] = false;
  const auto provider = account.make().provider;
  auto seen = provider->list_resources(scope, account.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  std::map<ResourceName, ResourceRecord> records;
  for (const ResourceSpec& spec : seen->wanted) {
    const auto made = provider->make_resource(scope, spec, account.soon());
    ASSERT_TRUE(made) << made.error().message;
    records[spec.name] = {spec.provider, made->title, made->id, true, spec.needs};
  }
  NodeSpec head = worker;
  head.type = {"main"};
  head.head = true;
  LaunchRequest first{scope.cluster, {{"main-1"}}, &head, {"t0"}, {}};
  first.tags = launch_tags(scope.cluster, scope.cluster_id, head, first.token);
  const auto machine = provider->create(first, account.soon());
  ASSERT_TRUE(machine) << machine.error().message;
  once(*provider, machine->at(0).id, Power::kRunning);
  const std::string pair = records.at({"key-pair"}).title;
  std::filesystem::remove(account.home + "/.ssh/" + pair + ".pem");
  for (const char* denied : {"DescribeKeyPairs", "GetRole", "GetRolePolicy", "GetInstanceProfile"})
    account.tell(
        "fault",
        {{"action", denied}, {"kind", "error"}, {"code", "UnauthorizedOperation"}, {"count", -1}});
  int number = 0;
  for (const auto& known : {records, std::map<ResourceName, ResourceRecord>()}) {
    LaunchRequest request{
        scope.cluster, {{"cpu-1"}}, &worker, {"w" + std::to_string(++number)}, {}};
    request.tags = launch_tags(scope.cluster, scope.cluster_id, worker, request.token);
    request.resources = known;
    const aws::AwsParts parts = account.make();
    const auto made = parts.provider->create(request, account.soon());
    ASSERT_TRUE(made) << made.error().message;
    auto facts = parts.desk->launch_facts(scope.cluster, account.soon());
    ASSERT_TRUE(facts) << facts.error().message;
    const auto found = std::find_if(facts->begin(), facts->end(), [&](const LaunchFacts& each) {
      return each.node.id == made->at(0).id;
    });
    ASSERT_NE(found, facts->end());
    EXPECT_EQ(found->node_config["KeyName"], pair);
    EXPECT_EQ(found->node_config["SecurityGroupIds"],
              Json::array({records.at({"security-group"}).id}));
    EXPECT_FALSE(found->node_config.contains("IamInstanceProfile"));
  }
}

TEST_F(AwsProviderTest, AResourceOfAnotherClusterStays) {
  const auto provider = account.make().provider;
  const auto wanted = provider->list_resources(scope, account.soon());
  ASSERT_TRUE(wanted);
  for (const ResourceSpec& spec : wanted->wanted)
    ASSERT_TRUE(provider->make_resource(scope, spec, account.soon()));
  ResourceScope theirs = scope;
  theirs.cluster_id = {"another"};
  for (auto spec = wanted->wanted.rbegin(); spec != wanted->wanted.rend(); ++spec)
    (void)account.make().provider->remove_resource(theirs, spec->name, account.soon());
  const auto left = account.make().provider->list_resources(scope, account.soon());
  ASSERT_TRUE(left);
  EXPECT_EQ(left->seen.size(), 4U);
}

TEST_F(AwsProviderTest, NamesOfImagesArePinned) {
  const auto provider = account.make().provider;
  Json none = {{"InstanceType", "m5.large"}};
  Json said = {{"ImageId",
                "ssm:/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/"
                "hvm/ebs-gp2/ami-id"}};
  Json given = kMachine;
  const auto met = provider->resolve_images({&none, &said, &given}, {}, account.soon());
  ASSERT_TRUE(met) << met.error().message;
  EXPECT_EQ(met->size(), 2U);
  EXPECT_EQ(none["ImageId"], met->at("latest_dlami"));
  EXPECT_TRUE(met->at("latest_dlami").starts_with("ami-"));
  EXPECT_NE(said["ImageId"], none["ImageId"]);
  EXPECT_EQ(given, kMachine);
  account.tell("calls/reset");
  Json later = {{"InstanceType", "m5.large"}};
  ASSERT_TRUE(provider->resolve_images({&later}, {{"latest_dlami", "ami-before"}}, account.soon()));
  EXPECT_EQ(later["ImageId"], "ami-before");
  EXPECT_TRUE(account.calls().empty()) << "what is pinned is asked for";
  worker.launch = none;
  EXPECT_TRUE(launch(*provider, "t1", 1)) << "the image that it means is there";
}

TEST_F(AwsProviderTest, ATypeSaysWhatItsMachinesOffer) {
  const std::vector<Json> types{
      {{"InstanceType", "m5.large"}}, {{"InstanceType", "g4dn.xlarge"}}, Json::object()};
  auto offers = account.make().provider->machine_resources(types, account.soon());
  ASSERT_TRUE(offers) << offers.error().message;
  ASSERT_EQ(offers->size(), 3U);
  EXPECT_EQ(offers->at(0).at("CPU"), 2);
  EXPECT_GT(offers->at(0).at("memory"), 4e9);
  EXPECT_LE(offers->at(0).at("memory"), 8.0 * (1 << 30));
  EXPECT_EQ(offers->at(1).at("GPU"), 1);
  EXPECT_TRUE(offers->at(1).contains("accelerator_type:T4"));
  EXPECT_TRUE(offers->at(2).empty());
  account.tell("calls/reset");
  const std::vector<Json> known(types.begin(), types.begin() + 2);
  offers = account.make().provider->machine_resources(known, account.soon());
  ASSERT_TRUE(offers);
  EXPECT_EQ(offers->at(0).at("CPU"), 2);
  EXPECT_TRUE(account.calls().empty()) << "it was not remembered";
}

class StoppedMachines : public AwsProviderTest {
 public:
  // A config that does not say cache_stopped_nodes keeps them, as with Ray.
  StoppedMachines() { account.config.node_types.clear(); }
  /// Launches one machine, which is given back once it runs.
  CloudNode released(Provider& provider, const std::string& token) {
    const auto made = launch(provider, token, 1);
    EXPECT_TRUE(made) << made.error().message;
    if (!made) return {};
    const CloudId id = made->at(0).id;
    NodeRecord record;
    record.applied.launch = worker.digests.launch;
    EXPECT_TRUE(provider.set_tags(id, record_tags(record), account.soon()));
    once(provider, id, Power::kRunning);
    const Result<> end = provider.release(id, account.soon());
    EXPECT_TRUE(end) << end.error().message;
    return made->at(0);
  }
};

TEST_F(StoppedMachines, AreStartedBeforeAnyIsMade) {
  const auto provider = account.make().provider;
  const CloudNode first = released(*provider, "t1");
  const CloudNode kept = once(*provider, first.id, Power::kStopped);
  EXPECT_TRUE(kept.cached);
  EXPECT_EQ(kept.name, std::nullopt);
  const auto second = launch(*account.make().provider, "t2", 2);
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->size(), 2U);
  const CloudNode started = once(*provider, first.id, Power::kRunning);
  EXPECT_FALSE(started.cached);
  EXPECT_EQ(started.token, OpToken{"t2"});
  EXPECT_EQ(account.ask("account")["instances"].size(), 2U);
}

TEST_F(StoppedMachines, OfAnotherConfigStayStopped) {
  const auto provider = account.make().provider;
  const CloudNode first = released(*provider, "t1");
  once(*provider, first.id, Power::kStopped);
  worker.digests.launch = Digest{"launch-2"};
  const auto second = launch(*provider, "t2", 1);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_NE(second->at(0).id, first.id);
  EXPECT_EQ(once(*provider, first.id, Power::kStopped).id, first.id);
}

TEST_F(StoppedMachines, AreNotKeptWhereTheConfigSaysSo) {
  account.config.provider_settings["cache_stopped_nodes"] = false;
  const auto provider = account.make().provider;
  once(*provider, released(*provider, "t1").id, Power::kGone);
}

TEST_F(StoppedMachines, AreListedAndCanBeEnded) {
  const auto provider = account.make().provider;
  const CloudNode first = released(*provider, "t1");
  once(*provider, first.id, Power::kStopped);
  ASSERT_TRUE(account.make().provider->terminate(first.id, account.soon()));
  once(*provider, first.id, Power::kGone);
  EXPECT_EQ(account.kinds(), std::vector<std::string>{});
}

TEST_F(StoppedMachines, SpotMachinesAreEndedInstead) {
  const auto provider = account.make().provider;
  worker.launch["InstanceMarketOptions"] = {{"MarketType", "spot"}};
  const CloudNode first = released(*provider, "t1");
  once(*provider, first.id, Power::kGone);
}

}  // namespace
}  // namespace rayctl
