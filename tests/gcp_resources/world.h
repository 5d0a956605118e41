#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "base/files.h"
#include "net/ssh_key.h"
#include "providers/gcp/resources.h"
#include "tests/gcp_resources/fake_project.h"

namespace rayctl::gcp {

inline constexpr char kNetworks[] =
    "https://www.googleapis.com/compute/v1/projects/p/global/networks/";
inline constexpr char kSubnetworks[] =
    "https://www.googleapis.com/compute/v1/projects/p/regions/us-west1/subnetworks/";

/// A project, a home folder with nothing in it, and a cluster that wants everything.
class World : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rayctl-gcp-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    config_.cluster = ClusterName{"demo"};
    config_.provider = ProviderName{"gcp"};
    config_.auth = {{"ssh_user", "ubuntu"}};
    config_.head_type = NodeTypeName{"head"};
    config_.node_types.resize(2);
    config_.node_types[0].name = NodeTypeName{"head"};
    config_.node_types[1].name = NodeTypeName{"worker"};
    config_.node_types[1].max_workers = 2;
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config = {{"machineType", "n1-standard-2"}};
    facts_.place = {"p", "us-west1", {"us-west1-a"}};
    facts_.head_manages = true;
    scope_.cluster = config_.cluster;
    scope_.cluster_id = ClusterId{"c1"};
    my_address_ = "203.0.113.7";
    add_subnetwork("default", "default");
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  void add_subnetwork(const std::string& name, const std::string& network) {
    project_.subnetworks.push_back(
        {{"selfLink", kSubnetworks + name}, {"network", kNetworks + network}});
  }
  ResourceSettings settings() {
    ResourceSettings settings = resource_settings(config_, facts_);
    settings.home = home_;
    settings.my_address = [this](Time) -> Result<std::string> {
      if (my_address_.empty()) return transient(ErrorCode::kProviderUnavailable, "no answer");
      return my_address_;
    };
    settings.who = who_;
    return settings;
  }
  Resources resources() { return {project_, clock_, settings()}; }
  Time soon() const { return clock_.now() + Millis{60'000}; }
  ResourceJob job() { return {project_, clock_, facts_.place, scope_, soon()}; }

  /// Makes all that is wanted and records it, as the applier does.
  void make_all() {
    Resources all = resources();
    const auto listed = all.list(scope_, soon());
    ASSERT_TRUE(listed.ok()) << listed.error().message;
    for (const ResourceSpec& spec : listed->wanted) {
      const auto made = all.make(scope_, spec, soon());
      ASSERT_TRUE(made.ok()) << spec.name.text << ": " << made.error().message;
      record(spec, *made);
    }
  }
  void record(const ResourceSpec& spec, const SeenResource& made) {
    scope_.known[spec.name] = {spec.provider, made.title, made.id,
                               made.cluster == scope_.cluster_id, spec.needs};
  }
  Result<> remove_all() {
    Resources all = resources();
    for (const char* name : {kServiceAccountResource, kFirewallResource, kKeyPairResource}) {
      if (Result<> removed = all.remove(scope_, ResourceName{name}, soon()); !removed)
        return removed;
    }
    return {};
  }
  std::string tag() const { return base_name(config_.cluster, scope_.cluster_id, kLongestBase); }
  std::string email() const { return tag() + "@p.iam.gserviceaccount.com"; }
  std::string ssh(const std::string& name) const { return home_ + "/.ssh/" + name; }
  /// A private key of somebody's in our home; its public half.
  std::string put_key(const std::string& file, const std::string& comment) {
    const auto key = make_ssh_key(comment);
    EXPECT_TRUE(key.ok() && make_directories(home_ + "/.ssh").ok());
    EXPECT_TRUE(write_file_atomic(ssh(file), key->private_text).ok());
    return read_ssh_key(key->private_text)->public_line;
  }
  std::size_t files_in_ssh() const {
    std::error_code none;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at(home_ + "/.ssh", none), end; at != end; ++at)
      ++count;
    return count;
  }
  /// Labels that say whose a machine is.
  static Json labels(const std::string& cluster, const std::string& id,
                     const std::string& kind = "worker") {
    Json labels{{"ray-cluster-name", cluster}, {"ray-node-type", kind}};
    if (!id.empty()) labels["rayctl-cluster-id"] = id;
    return {{"labels", labels}};
  }
  static Json with(Json json, const Json& more) {
    json.update(more);
    return json;
  }
  std::set<std::string> rule_names() const {
    std::set<std::string> names;
    for (const auto& [name, rule] : project_.firewalls)
      names.insert(name);
    return names;
  }

  FakeClock clock_;
  FakeProject project_{clock_};
  std::string home_;
  Config config_;
  WantedFacts facts_;
  ResourceScope scope_;
  std::string my_address_;
  std::string who_ = "ana@laptop";
};

inline constexpr char kPair[] = "ray-autoscaler_gcp_us-west1_p_ubuntu_0";
inline constexpr char kSecondPair[] = "ray-autoscaler_gcp_us-west1_p_ubuntu_1";

}  // namespace rayctl::gcp
