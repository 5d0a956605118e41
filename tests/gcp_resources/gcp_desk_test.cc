#include "providers/gcp/gcp_desk.h"

#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

class Desk : public World {
 protected:
  std::unique_ptr<CloudDesk> desk() {
    all_ = std::make_unique<Resources>(project_, clock_, settings());
    return make_gcp_desk({.api = project_,
                          .clock = clock_,
                          .resources = *all_,
                          .config = config_,
                          .facts = facts_,
                          .home = home_});
  }
  CloudNode node(const std::string& name, const std::string& id = "") {
    CloudNode result;
    result.id = {name};
    result.head = true;
    if (!id.empty()) result.cluster = ClusterId{id};
    return result;
  }
  /// A head as Ray's launcher makes it.
  void ray_head() {
    Json machine = labels("demo", "", "head");
    machine["networkInterfaces"] = {{{"network", std::string(kNetworks) + "default"},
                                     {"subnetwork", std::string(kSubnetworks) + "default"}}};
    machine["serviceAccounts"] = {{{"email", "ray-autoscaler-sa-v1@p.iam.gserviceaccount.com"}}};
    machine["machineType"] = "zones/us-west1-a/machineTypes/n1-standard-2";
    machine["disks"] = {
        {{"boot", true}, {"source", "projects/p/zones/us-west1-a/disks/ray-demo-head-1"}}};
    project_.add_instance("ray-demo-head-1", machine);
    project_.disks["ray-demo-head-1"] = {
        {"name", "ray-demo-head-1"},
        {"zone", "zones/us-west1-a"},
        {"sizeGb", "50"},
        {"sourceImage", "https://x/compute/v1/projects/debian-cloud/global/images/d12"}};
  }
  std::unique_ptr<Resources> all_;
};

TEST_F(Desk, AccessGoesByTheClustersRules) {
  make_all();
  const std::unique_ptr<CloudDesk> at = desk();
  ASSERT_TRUE(at->add_access(scope_, {"192.0.2.1", "bob"}, soon()).ok());
  const auto listed = at->list_access(scope_, soon());
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->size(), 2U);
  EXPECT_EQ(*at->remove_access(scope_, "bob", soon()), 1);
  EXPECT_EQ(*at->remove_access(scope_, "bob", soon()), 0);
}

TEST_F(Desk, RightsAskNobody) {
  const auto documents = desk()->rights();
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[0].who, "operator");
  EXPECT_EQ(documents[1].who, "head");
  EXPECT_TRUE(project_.calls.empty());
  facts_.head_manages = false;
  EXPECT_EQ(desk()->rights().size(), 1U);
}

TEST_F(Desk, WhatRaysLauncherDidIsComputed) {
  ray_head();
  put_key(kPair, "");
  Json config = config_.node_types[0].node_config;
  const std::string family = "projects/debian-cloud/global/images/family/debian-12";
  config["disks"] = {{{"boot", true}, {"initializeParams", {{"sourceImage", family}}}}};
  const auto launch = desk()->ray_launch(node("ray-demo-head-1"), config, soon());
  ASSERT_TRUE(launch.ok() && *launch);
  EXPECT_EQ((*launch)->private_key, ssh(kPair));
  EXPECT_EQ(
      (*launch)->images,
      (std::map<std::string, std::string>{{family, "projects/debian-cloud/global/images/d12"}}));
  const Json& filled = (*launch)->node_config;
  EXPECT_EQ(filled["networkInterfaces"][0]["subnetwork"], std::string(kSubnetworks) + "default");
  EXPECT_EQ(filled["serviceAccounts"][0]["email"],
            "ray-autoscaler-sa-v1@p.iam.gserviceaccount.com");
  EXPECT_EQ(filled["disks"], config["disks"]) << "Ray's digest is over the family's name";
  const auto gone = desk()->ray_launch(node("gone"), config, soon());
  ASSERT_TRUE(gone.ok());
  EXPECT_FALSE(*gone);
}

TEST_F(Desk, MachinesThatRunAreConfigs) {
  ray_head();
  project_.add_instance("other", labels("demo-2", ""));
  project_.add_instance("stopped", with(labels("demo", ""), {{"status", "TERMINATED"}}));
  const auto facts = desk()->launch_facts({"demo"}, soon());
  ASSERT_TRUE(facts.ok());
  ASSERT_EQ(facts->size(), 1U);
  EXPECT_EQ((*facts)[0].node.id.text, "ray-demo-head-1");
  EXPECT_EQ((*facts)[0].node_config["machineType"], "n1-standard-2");
  EXPECT_EQ((*facts)[0].node_config["disks"][0]["initializeParams"]["diskSizeGb"], 50);
  EXPECT_TRUE(desk()->launch_facts({"none"}, soon())->empty());
}

TEST_F(Desk, AMachineOfRaysUsesItsKeyAndItsAccount) {
  ray_head();
  const std::string line = put_key(kSecondPair, "");
  put_key(std::string(kPair) + ".pem", "rayctl c9");
  const auto used = desk()->used_by(node("ray-demo-head-1"), soon());
  ASSERT_TRUE(used.ok());
  ASSERT_EQ(used->size(), 3U);
  // Ray leans on the rules that the network has.
  EXPECT_TRUE(is_networks_own(used->at({kFirewallResource}).id));
  const ResourceRecord& key = used->at({kKeyPairResource});
  EXPECT_EQ(key.title, kSecondPair);
  EXPECT_EQ(key.id, line);
  EXPECT_FALSE(key.ours);
  EXPECT_EQ(used->at({kServiceAccountResource}).title, "ray-autoscaler-sa-v1");
  EXPECT_TRUE(desk()->used_by(node("gone"), soon())->empty());
}

// As an import without a state takes up a cluster of ours.
TEST_F(Desk, AMachineOfOursUsesWhatIsOursAndAListSaysSo) {
  make_all();
  Json machine = labels("demo", "c1", "head");
  machine["tags"] = {{"items", {tag()}}};
  machine["serviceAccounts"] = {{{"email", email()}}};
  project_.add_instance("ray-demo-head-1", machine);
  const auto used = desk()->used_by(node("ray-demo-head-1", "c1"), soon());
  ASSERT_TRUE(used.ok());
  ASSERT_EQ(used->size(), 3U);
  scope_.known = *used;
  scope_.thorough = true;
  const auto all = resources().list(scope_, soon());
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->seen.size(), 3U);
  for (const SeenResource& each : all->seen)
    EXPECT_EQ(each.cluster, scope_.cluster_id) << each.name.text;
}

}  // namespace
}  // namespace rayctl::gcp
