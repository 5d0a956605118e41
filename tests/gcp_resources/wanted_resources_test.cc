#include "providers/gcp/wanted_resources.h"

#include <gtest/gtest.h>

namespace rayctl::gcp {
namespace {

class Wanted : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.cluster = ClusterName{"demo"};
    config_.head_type = NodeTypeName{"head"};
    config_.auth = {{"ssh_user", "ubuntu"}};
    config_.node_types.resize(2);
    config_.node_types[0].name = NodeTypeName{"head"};
    config_.node_types[1].name = NodeTypeName{"worker"};
    config_.node_types[1].max_workers = 2;
    facts_.place = {"p", "us-west1", {"us-west1-a"}};
    facts_.head_manages = true;
    both({{"machineType", "n1-standard-2"}});
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const ResourceSpec& spec : wanted_resources(config_, facts_))
      all.push_back(spec.name.text);
    return all;
  }
  void both(const Json& more) {
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config.update(more);
  }
  Json& worker() { return config_.node_types[1].node_config; }
  PolicyFacts policy() { return policy_facts(config_, facts_); }
  using Names = std::vector<std::string>;
  Config config_;
  WantedFacts facts_;
};

TEST_F(Wanted, APlainConfigNeedsAll) {
  const auto wanted = wanted_resources(config_, facts_);
  EXPECT_EQ(names(), (Names{"key-pair", "firewall", "service-account"}));
  EXPECT_EQ(wanted[0].title, "ray-autoscaler_gcp_us-west1_p_ubuntu_0");
  EXPECT_EQ(wanted[1].title, "ray-demo");
  EXPECT_EQ(wanted[1].want, (Json{{"ssh_cidr", Json::array()}, {"ssh_port", 22}}));
  EXPECT_EQ(wanted[2].want["accounts"], Json::array());
  EXPECT_EQ(wanted[2].want["bindings"].size(), 3U);
}

TEST_F(Wanted, WhatTheConfigBringsIsNotMade) {
  config_.auth["ssh_private_key"] = "~/.ssh/mine";
  both({{"networkInterfaces", {{{"network", "n"}}}}});
  config_.node_types[0].node_config["serviceAccounts"] = {{{"email", "head@p"}}};
  EXPECT_EQ(names(), Names{});
  EXPECT_EQ(policy().head_accounts, std::vector<std::string>{"head@p"});
  EXPECT_FALSE(policy().firewall);
  EXPECT_FALSE(policy().subnetworks);
  EXPECT_EQ(policy().to_use, std::set<std::string>{"compute.networks.use"});
}

TEST_F(Wanted, OneTypeWithoutInterfacesIsEnough) {
  facts_.head_manages = false;
  worker()["networkInterfaces"] = {{{"subnetwork", "s"}}};
  EXPECT_EQ(names(), (Names{"key-pair", "firewall"}));
  config_.node_types[0].node_config["networkInterfaces"] = worker()["networkInterfaces"];
  EXPECT_EQ(names(), Names{"key-pair"});
}

TEST_F(Wanted, OfATpuItIsTheNetworkConfig) {
  worker() = {{"acceleratorType", "v4-8"}, {"networkConfig", {{"network", "n"}}}};
  EXPECT_FALSE(needs_network(config_.node_types[1]));
  worker().erase("networkConfig");
  EXPECT_TRUE(needs_network(config_.node_types[1]));
  EXPECT_TRUE(policy().tpu);
  worker() = {{"machineType", "n1-standard-2"}, {"acceleratorType", "v4-8"}};
  EXPECT_FALSE(policy().tpu);
}

TEST_F(Wanted, AccountsAreOfWhoCarriesThem) {
  both({{"serviceAccounts", {{{"email", "a@p"}}}}});
  EXPECT_EQ(policy().head_accounts, std::vector<std::string>{"a@p"});
  EXPECT_EQ(policy().worker_accounts, std::vector<std::string>{"a@p"});
  worker().erase("serviceAccounts");
  EXPECT_TRUE(policy().worker_accounts.empty());
  config_.node_types[0].max_workers = 1;
  EXPECT_EQ(policy().worker_accounts, std::vector<std::string>{"a@p"});
  EXPECT_EQ(accounts_in({{"serviceAccount", {{"email", "tpu@p"}}}}),
            std::vector<std::string>{"tpu@p"});
}

TEST_F(Wanted, WhatConfigsNameIsToBeUsed) {
  worker()["disks"] = {{{"initializeParams", {{"sourceImage", "projects/p/global/images/mine"}}}},
                       {{"source", "projects/p/zones/us-west1-a/disks/data"}}};
  worker()["sourceInstanceTemplate"] = "projects/p/global/instanceTemplates/t";
  worker()["networkInterfaces"] = {
      {{"subnetwork", "s"}, {"accessConfigs", {{{"natIP", "203.0.113.1"}}}}}};
  EXPECT_EQ(policy().to_use, (std::set<std::string>{"compute.images.useReadOnly",
                                                    "compute.disks.use", "compute.addresses.use"}));
  EXPECT_EQ(policy().templates, std::vector<std::string>{"t"});
  worker()["disks"] = {
      {{"initializeParams", {{"sourceImage", "projects/debian-cloud/global/images/d"}}}}};
  EXPECT_FALSE(policy().to_use.contains("compute.images.useReadOnly"));
  config_.provider_settings = {{"use_internal_ips", true}, {"cache_stopped_nodes", true}};
  EXPECT_FALSE(policy().external_addresses);
  EXPECT_TRUE(policy().keeps_stopped);
}

TEST_F(Wanted, AnyJsonIsTaken) {
  for (const Json& odd : {Json(), Json(1), Json("x"), Json::array({1})}) {
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config = odd;
    EXPECT_EQ(names().size(), 3U);
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config = {{"disks", odd}, {"networkInterfaces", odd}, {"serviceAccounts", odd}};
    EXPECT_FALSE(names().empty());
  }
}

}  // namespace
}  // namespace rayctl::gcp
