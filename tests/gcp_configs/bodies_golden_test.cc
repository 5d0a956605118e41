#include <gtest/gtest.h>

#include <ostream>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/files.h"
#include "providers/gcp/images.h"
#include "providers/gcp/instance_template.h"
#include "providers/gcp/machine_types.h"
#include "providers/gcp/tpu_nodes.h"
#include "tests/gcp_configs/fake_google.h"
#include "tests/gcp_configs/fake_tpu.h"
#include "tests/support/fake_clock.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl::gcp {
namespace {

const GcePlace kPlace{"lab", "us-west1", {"us-west1-a"}};

BodyFacts facts(const std::string& name) {
  BodyFacts facts;
  facts.place = kPlace;
  facts.zone = "us-west1-a";
  facts.name = name;
  facts.labels = to_labels(Tags{{kTagClusterName, "demo"},
                                {kTagNodeKind, "worker"},
                                {kTagOp, "op-1"},
                                {kTagApplied, "A:1/B:2"}});
  facts.parts = {.ssh_keys = {"ubuntu:ssh-ed25519 AAAA ubuntu"},
                 .network = "projects/lab/global/networks/default",
                 .subnetwork = "projects/lab/regions/us-west1/subnetworks/default",
                 .external_address = true,
                 .network_tag = "rayctl-demo",
                 .service_account = "head@lab.iam.gserviceaccount.com"};
  return facts;
}

Json boot_disk() {
  return {
      {"boot", true},
      {"autoDelete", true},
      {"type", "PERSISTENT"},
      {"initializeParams",
       {{"diskSizeGb", 50},
        {"sourceImage", "projects/deeplearning-platform-release/global/images/common-cpu-v2026"}}}};
}

Json insert(const Json& config, bool head, const BodyFacts& with) {
  Call call{.id = "compute.instances.insert",
            .verb = "POST",
            .path = "projects/lab/zones/us-west1-a/instances",
            .body = instance_body(config, head, with)};
  if (const std::string name = instance_template_of(config); !name.empty())
    call.query["sourceInstanceTemplate"] = name;
  Json wire = on_the_wire(call);
  wire["node_config"] = config;
  return wire;
}

Json insert(const Json& config, bool head = false) {
  return insert(config, head, facts("one"));
}

Json calls_of(const std::vector<Call>& calls) {
  Json wire = Json::array();
  for (const Call& call : calls)
    wire.push_back(on_the_wire(call));
  return wire;
}

Json rays_example() {
  const Json worker = {{"machineType", "n1-standard-2"},
                       {"disks", {boot_disk()}},
                       {"scheduling", Json::array({{{"preemptible", true}}})}};
  Json head = worker;
  head.erase("scheduling");
  return {insert(head, true), insert(worker)};
}

Json rich_machine() {
  Json disk = boot_disk();
  disk["initializeParams"]["diskType"] = "pd-ssd";
  disk["initializeParams"]["provisionedIops"] = 5000;
  disk["initializeParams"]["labels"] = {{"a", "b"}};
  return insert(
      {{"machineType", "n1-standard-8"},
       {"disks",
        {disk,
         {{"type", "SCRATCH"},
          {"interface", "NVME"},
          {"initializeParams", {{"diskType", "local-ssd"}}},
          {"autoDelete", true}}}},
       {"guestAccelerators", {{{"acceleratorType", "nvidia-tesla-t4"}, {"acceleratorCount", 2}}}},
       {"scheduling",
        {{"provisioningModel", "SPOT"},
         {"instanceTerminationAction", "DELETE"},
         {"maxRunDuration", {{"seconds", 86400}}}}},
       {"metadata", {{"items", {{{"key", "install-nvidia-driver"}, {"value", true}}}}}},
       {"labels", {{"team", "science"}, {"cost", 5}}},
       {"tags", {{"items", {"web"}}}},
       {"minCpuPlatform", "Intel Skylake"},
       {"networkConfig", {{"subnetwork", "rays own"}}},
       {"shieldedInstanceConfig", {{"enableSecureBoot", true}}},
       {"serviceAccounts",
        {{{"email", "own@lab.iam.gserviceaccount.com"},
          {"scopes", {"https://www.googleapis.com/auth/cloud-platform"}}}}}},
      true);
}

Json template_machine() {
  BodyFacts with = facts("one");
  with.on_demand = true;
  with.template_properties = {{"machineType", "n1-standard-4"},
                              {"tags", {{"items", {"theirs"}}}},
                              {"scheduling", {{"preemptible", true}}}};
  return insert({{"sourceInstanceTemplate", "global/instanceTemplates/worker"}}, false, with);
}

Json look_ups() {
  FakeGoogle google;
  FakeClock clock;
  Json config = {
      {"sourceInstanceTemplate", "regions/us-west1/instanceTemplates/worker"},
      {"machineType", "n1-standard-2"},
      {"disks",
       {{{"initializeParams",
          {{"sourceImage",
            "projects/deeplearning-platform-release/global/images/family/common-cpu"}}}}}}};
  (void)resolve_images(google, kPlace, {&config}, {}, clock.now());
  (void)template_properties(google, kPlace, "global/instanceTemplates/worker", clock.now());
  (void)template_properties(google, kPlace, instance_template_of(config), clock.now());
  config.erase("sourceInstanceTemplate");
  MachineTypes types(google, clock, kPlace, "");
  (void)types.offers({config}, clock.now());
  return calls_of(google.made());
}

Json tpu_calls() {
  FakeTpu api;
  FakeClock clock;
  api.polls = 1;
  TpuNodes tpus(api, clock, kPlace);
  const Time soon = clock.now() + Millis{600'000};
  const Json config = {{"acceleratorType", "v2-8"},
                       {"runtimeVersion", "tpu-ubuntu2204-base"},
                       {"description", "a worker"},
                       {"schedulingConfig", {{"spot", true}}},
                       {"metadata", {{"startup-script", "true"}}},
                       {"shieldedInstanceConfig", {{"enableSecureBoot", true}}}};
  const Json topology = {{"acceleratorConfig", {{"type", "V4"}, {"topology", "2x2x1"}}},
                         {"runtimeVersion", "tpu-ubuntu2204-base"},
                         {"networkConfig", {{"subnetwork", "s"}, {"canIpForward", true}}},
                         {"serviceAccounts", {{{"email", "own@x"}, {"scopes", {"all"}}}}}};
  const CloudId one{"one-tpu"};
  EXPECT_TRUE(tpus.launch(config, true, facts("one-tpu"), soon));
  EXPECT_TRUE(tpus.launch(topology, false, facts("two-tpu"), soon));
  EXPECT_TRUE(tpus.list(ClusterName{"demo"}, soon));
  EXPECT_TRUE(tpus.set_tags(one, {{kTagNode, "worker-1"}}, {}, soon));
  EXPECT_TRUE(tpus.terminate(one, soon));
  Json wire = calls_of(api.made());
  for (Json& each : wire) {
    if (each["verb"] == "POST" && each.contains("query"))
      each["node_config"] = each["query"]["nodeId"] == "one-tpu" ? config : topology;
  }
  return wire;
}

struct Case {
  std::string name;
  std::function<Json()> calls;
};
/// What ctest calls the case.
std::ostream& operator<<(std::ostream& out, const Case& each) {
  return out << each.name;
}

class GoldenBodies : public testing::TestWithParam<Case> {};

/// fixtures/gcp/bodies/<name>.json: what is sent, which tests/e2e/gcp_bodies_test.py holds against
/// Google's own description, and tests/e2e/gcp_ray_bodies_test.py against what Ray sends.
/// RAYCTL_ACCEPT=1 writes what is, and never passes.
TEST_P(GoldenBodies, AreAsAccepted) {
  Json calls = GetParam().calls();
  if (!calls.is_array()) calls = Json::array({calls});
  const std::string now = calls.dump(1) + "\n";
  const std::filesystem::path file = std::filesystem::path(source_dir()) / "fixtures" / "gcp" /
                                     "bodies" / (GetParam().name + ".json");
  if (std::getenv("RAYCTL_ACCEPT") != nullptr) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << now;
    FAIL() << "accepted, not tested: " << GetParam().name;
  }
  const Result<std::string> expected = read_file(file);
  ASSERT_TRUE(expected) << "not there; RAYCTL_ACCEPT=1 writes it:\n" << now;
  EXPECT_EQ(now, *expected);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, GoldenBodies,
                         testing::Values(Case{"rays_example", rays_example},
                                         Case{"rich_machine", rich_machine},
                                         Case{"template_machine", template_machine},
                                         Case{"look_ups", look_ups}, Case{"tpu", tpu_calls}),
                         [](const auto& name) { return name.param.name; });

}  // namespace
}  // namespace rayctl::gcp
