// The provider's contract, and what GCP adds to it, against the project of the GCP lab.
#include "tests/contract/provider_contract.h"
#include "tests/gcp_lab/project.h"

#include <thread>

namespace rayctl {
namespace {

const Json kMachine = {
    {"machineType", "n1-standard-2"},
    {"disks",
     {{{"boot", true},
       {"autoDelete", true},
       {"initializeParams",
        {{"sourceImage",
          "projects/deeplearning-platform-release/global/images/family/common-cpu"}}}}}}};

// Without node types the config needs no resource: machines say themselves where they are.
ProviderUnderTest in_a_project() {
  const auto project = std::make_shared<Project>();
  const auto again = [project] { return project->make().provider; };
  Json machine = kMachine;
  machine["networkInterfaces"] = {{{"network", "global/networks/default"}}};
  return {again(), again, project, machine};
}

INSTANTIATE_TEST_SUITE_P(Gcp, ProviderContract, testing::Values(ProviderFactory(in_a_project)));

class GcpProviderTest : public testing::Test {
 public:
  GcpProviderTest() {
    project.config.head_type = {"main"};
    project.config.node_types.resize(2);
    project.config.node_types[0].name = {"main"};
    project.config.node_types[1].name = {"cpu"};
    project.config.node_types[1].max_workers = 4;
    for (NodeTypeConfig& type : project.config.node_types)
      type.node_config = kMachine;
    worker.type = {"cpu"};
    worker.launch = kMachine;
    worker.digests.launch = Digest{"launch-1"};
  }
  void TearDown() override { EXPECT_TRUE(project.ask("validator")["bad"].empty()); }

  Result<std::vector<CloudNode>> launch(Provider& provider, const std::string& token, int count) {
    LaunchRequest request{scope.cluster, {}, &worker, {token}, {}};
    for (int i = 1; i <= count; ++i)
      request.nodes.push_back({"cpu-" + std::to_string(i)});
    request.tags = launch_tags(scope.cluster, scope.cluster_id, worker, request.token);
    request.named_tags = [this](const NodeName& node) {
      return naming_tags(scope.cluster, node, false);
    };
    request.resources = scope.known;
    request.why_fewer = &why;
    return provider.create(request, project.soon());
  }
  /// The machine once it has that power; the test fails if that does not come. Gone is what is not
  /// listed any more.
  CloudNode once(Provider& provider, const CloudId& id, Power power) {
    for (int look = 0; look < 200; ++look) {
      const auto seen = provider.list(scope.cluster, project.soon());
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
  void make_resources(Provider& provider) {
    const auto seen = provider.list_resources(scope, project.soon());
    ASSERT_TRUE(seen) << seen.error().message;
    for (const ResourceSpec& spec : seen->wanted) {
      for (int time = 0; time < 2; ++time) {
        const auto made = provider.make_resource(scope, spec, project.soon());
        ASSERT_TRUE(made) << spec.name.text << ": " << made.error().message;
        EXPECT_EQ(made->cluster, scope.cluster_id) << spec.name.text;
        scope.known[spec.name] = {spec.provider, made->title, made->id, true, spec.needs};
      }
    }
  }

  Project project;
  NodeSpec worker;
  std::string why;
  ResourceScope scope{
      .cluster = {"one"}, .cluster_id = {"0123456789abcdef"}, .known = {}, .thorough = true};
};

TEST_F(GcpProviderTest, ResourcesAreMadeFoundAndRemoved) {
  const auto provider = project.make().provider;
  make_resources(*provider);
  EXPECT_EQ(scope.known.size(), 3U);
  // Another client, which knows nothing of the first: on record, a look is one call.
  const auto other = project.make().provider;
  project.tell("calls/reset");
  scope.thorough = false;
  auto seen = other->list_resources(scope, project.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->seen.size(), 3U);
  std::map<std::string, int> calls = project.calls();
  calls.erase("oauth2.token");
  EXPECT_EQ(calls, (std::map<std::string, int>{{"compute.firewalls.list", 1}}));
  scope.thorough = true;
  seen = other->list_resources(scope, project.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  for (const SeenResource& each : seen->seen) {
    EXPECT_EQ(each.id, scope.known[each.name].id) << each.name.text;
    EXPECT_EQ(each.differs, "") << each.name.text;
  }
  const auto made = launch(*other, "t1", 1);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(other->terminate(made->at(0).id, project.soon()));
  once(*other, made->at(0).id, Power::kGone);
  for (auto spec = seen->wanted.rbegin(); spec != seen->wanted.rend(); ++spec) {
    for (int time = 0; time < 2; ++time)
      EXPECT_TRUE(other->remove_resource(scope, spec->name, project.soon())) << spec->name.text;
  }
  EXPECT_EQ(project.kinds(), std::vector<std::string>{});
}

TEST_F(GcpProviderTest, WhatNoLaunchCouldBeMadeOfIsSaidByThePlan) {
  auto seen = project.make().provider->list_resources(scope, project.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_TRUE(seen->blocked.empty());
  project.config.provider_settings.erase("availability_zone");
  project.config.node_types[1].node_config = {{"disks", kMachine["disks"]}};
  seen = project.make().provider->list_resources(scope, project.soon());
  ASSERT_TRUE(seen) << seen.error().message;
  ASSERT_EQ(seen->blocked.size(), 2U) << "all mistakes at once";
  EXPECT_NE(seen->blocked[0].summary.find("availability_zone"), std::string::npos);
  EXPECT_NE(seen->blocked[1].summary.find("node type cpu: "), std::string::npos)
      << seen->blocked[1].summary;
  EXPECT_EQ(project.kinds(), std::vector<std::string>{});
}

TEST_F(GcpProviderTest, MachinesHaveTheirNamesFromTheStart) {
  const auto provider = project.make().provider;
  const auto made = launch(*provider, "t1", 3);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 3U);
  for (const CloudNode& node : *made) {
    const CloudNode seen = once(*provider, node.id, Power::kRunning);
    EXPECT_TRUE(seen.name) << node.id.text;
    EXPECT_EQ(seen.cluster, scope.cluster_id);
    EXPECT_NE(seen.internal_ip, "");
    EXPECT_NE(seen.external_ip, "");
  }
  const std::map<std::string, int> calls = project.calls();
  EXPECT_EQ(calls.at("compute.instances.insert"), 3);
  EXPECT_FALSE(calls.contains("compute.instances.setLabels"));
}

TEST_F(GcpProviderTest, ASoldOutZoneIsPassedOverAndSaid) {
  const auto provider = project.make().provider;
  project.tell("fault", {{"action", "compute.instances.insert"},
                         {"kind", "operation-error"},
                         {"code", "ZONE_RESOURCE_POOL_EXHAUSTED"},
                         {"message", "no n1-standard-2 here"},
                         {"zone", "us-west1-a"},
                         {"count", 2}});
  const auto made = launch(*provider, "t1", 2);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 2U);
  EXPECT_EQ(project.ask("fault").size(), 0U);
  project.tell("fault", {{"action", "compute.instances.insert"},
                         {"kind", "operation-error"},
                         {"code", "ZONE_RESOURCE_POOL_EXHAUSTED"},
                         {"message", "no n1-standard-2 here"},
                         {"count", -1}});
  const auto none = launch(*project.make().provider, "t2", 1);
  ASSERT_FALSE(none);
  for (const char* zone : {"us-west1-a", "us-west1-b"}) {
    EXPECT_NE(none.error().message.find(std::string(zone) + ": ZONE_RESOURCE_POOL_EXHAUSTED"),
              std::string::npos)
        << none.error().message;
  }
  project.tell("clear");
}

TEST_F(GcpProviderTest, NamesOfImagesArePinned) {
  const auto provider = project.make().provider;
  Json config = kMachine;
  const auto met = provider->resolve_images({&config}, {}, project.soon());
  ASSERT_TRUE(met) << met.error().message;
  ASSERT_EQ(met->size(), 1U);
  EXPECT_EQ(config["disks"][0]["initializeParams"]["sourceImage"], met->begin()->second);
  project.tell("calls/reset");
  Json later = kMachine;
  ASSERT_TRUE(
      provider->resolve_images({&later}, {{met->begin()->first, "pinned"}}, project.soon()));
  EXPECT_EQ(later["disks"][0]["initializeParams"]["sourceImage"], "pinned");
  EXPECT_TRUE(project.calls().empty()) << "what is pinned is asked for";
}

TEST_F(GcpProviderTest, ATypeSaysWhatItsMachinesOffer) {
  Json accelerated = kMachine;
  accelerated["machineType"] = "n1-standard-4";
  accelerated["guestAccelerators"] = {
      {{"acceleratorType", "nvidia-tesla-t4"}, {"acceleratorCount", 1}}};
  const auto offers =
      project.make().provider->machine_resources({kMachine, accelerated}, project.soon());
  ASSERT_TRUE(offers) << offers.error().message;
  EXPECT_EQ(offers->at(0).at("CPU"), 2);
  EXPECT_EQ(offers->at(1).at("GPU"), 1);
  EXPECT_TRUE(offers->at(1).contains("accelerator_type:T4"));
}

TEST_F(GcpProviderTest, StoppedMachinesAreStartedBeforeAnyIsMade) {
  project.config.provider_settings["cache_stopped_nodes"] = true;
  const auto provider = project.make().provider;
  const auto first = launch(*provider, "t1", 1);
  ASSERT_TRUE(first) << first.error().message;
  const CloudId id = first->at(0).id;
  ASSERT_TRUE(provider->release(id, project.soon()));
  const CloudNode kept = once(*provider, id, Power::kStopped);
  EXPECT_TRUE(kept.cached);
  EXPECT_EQ(kept.name, std::nullopt);
  const auto second = launch(*project.make().provider, "t2", 2);
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->size(), 2U);
  const CloudNode started = once(*provider, id, Power::kRunning);
  EXPECT_FALSE(started.cached);
  EXPECT_EQ(started.token, OpToken{"t2"});
}

// A node of Cloud TPU is one of the cluster's machines: launched, labelled, listed, ended.
TEST_F(GcpProviderTest, TpusAreMachinesToo) {
  worker.launch = {{"acceleratorType", "v2-8"}, {"runtimeVersion", "tpu-ubuntu2204-base"}};
  const auto provider = project.make().provider;
  const auto made = launch(*provider, "t1", 1);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 1U);
  const CloudId id = made->at(0).id;
  EXPECT_TRUE(id.text.ends_with("-tpu")) << id.text;
  const auto again = launch(*project.make().provider, "t1", 1);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->at(0).id, id);
  ASSERT_TRUE(provider->set_tags(id, {{kTagNodeStatus, kStatusUpToDate}}, project.soon()));
  EXPECT_EQ(once(*provider, id, Power::kRunning).tags.at(kTagNodeStatus), kStatusUpToDate);
  ASSERT_TRUE(provider->terminate(id, project.soon()));
  once(*provider, id, Power::kGone);
}

}  // namespace
}  // namespace rayctl
