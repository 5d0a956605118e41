#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "net/ssh_key.h"
#include "providers/aws/resources.h"
#include "tests/aws_resources/fake_account.h"

namespace rayctl::aws {

/// An account, a home folder with nothing in it, and a cluster that wants everything.
class World : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rayctl-aws-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    home_ = name;
    config_.cluster = ClusterName{"demo"};
    config_.provider = ProviderName{"aws"};
    config_.head_type = NodeTypeName{"head"};
    config_.node_types.resize(2);
    config_.node_types[0].name = NodeTypeName{"head"};
    config_.node_types[1].name = NodeTypeName{"worker"};
    config_.node_types[1].max_workers = 2;
    facts_.region = account_.region();
    facts_.head_manages = true;
    scope_.cluster = config_.cluster;
    scope_.cluster_id = ClusterId{"c1"};
    my_address_ = "203.0.113.7";
  }
  void TearDown() override { std::filesystem::remove_all(home_); }

  Resources resources() {
    ResourceSettings settings;
    settings.wanted = wanted_resources(config_, facts_);
    settings.home = home_;
    settings.region = account_.region();
    settings.security_group = {[](Time) -> Result<std::string> { return std::string("vpc-1"); },
                               [this](Time) -> Result<std::string> {
                                 if (my_address_.empty())
                                   return transient(ErrorCode::kProviderUnavailable, "no answer");
                                 return my_address_;
                               },
                               who_};
    return {account_, clock_, settings};
  }
  Time soon() const { return clock_.now() + Millis{60'000}; }
  ResourceJob job() { return {account_, clock_, scope_, soon()}; }

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
  /// Removes them, each before what it needs.
  Result<> remove_all() {
    Resources all = resources();
    for (const char* name :
         {kInstanceProfileResource, kRoleResource, kSecurityGroupResource, kKeyPairResource}) {
      if (Result<> removed = all.remove(scope_, ResourceName{name}, soon()); !removed)
        return removed;
    }
    return {};
  }
  std::string pem(const std::string& name) const { return home_ + "/.ssh/" + name + ".pem"; }
  /// A key pair of somebody else's making; its private half in our home if `file`.
  void their_key(const std::string& name, bool in_ec2, bool file) {
    const auto key = make_ssh_key("somebody");
    ASSERT_TRUE(key.ok());
    if (in_ec2) account_.keys[name] = {"key-" + name, key->public_line, {}};
    if (!file) return;
    ASSERT_TRUE(make_directories(home_ + "/.ssh").ok());
    ASSERT_TRUE(write_file_atomic(pem(name), key->private_text).ok());
  }
  std::size_t files_in_ssh() const {
    std::error_code none;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator at(home_ + "/.ssh", none), end; at != end; ++at)
      ++count;
    return count;
  }

  FakeClock clock_;
  FakeAccount account_{clock_};
  std::string home_;
  Config config_;
  WantedFacts facts_;
  ResourceScope scope_;
  std::string my_address_;
  std::string who_ = "ana@laptop";
};

inline constexpr char kPair[] = "ray-autoscaler_us-west-2";

}  // namespace rayctl::aws
