#include "providers/gcp/service_account.h"

#include "providers/gcp/iam_policy.h"
#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

constexpr char kWorkers[] = "workers@p.iam.gserviceaccount.com";

class ServiceAccounts : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    config_.auth["ssh_private_key"] = "~/.ssh/given";
    for (NodeTypeConfig& type : config_.node_types)
      type.node_config["networkInterfaces"] = {{{"network", "n"}}};
    project_.policies[""] = {
        {"version", 1},
        {"etag", "etag-0"},
        {"bindings", {{{"role", "roles/owner"}, {"members", {"user:ana@example.com"}}}}}};
  }
  ResourceSpec spec() {
    const std::vector<ResourceSpec> wanted = wanted_resources(config_, facts_);
    EXPECT_EQ(wanted.size(), 1U);
    return wanted.front();
  }
  Result<SeenResource> make() { return resources().make(scope_, spec(), soon()); }
  Result<> remove() {
    return resources().remove(scope_, ResourceName{kServiceAccountResource}, soon());
  }
  std::string differs() {
    scope_.thorough = true;
    const auto all = resources().list(scope_, soon());
    EXPECT_TRUE(all.ok());
    return all && all->seen.size() == 1 ? all->seen.front().differs : "not there";
  }
  void workers_carry(const std::string& email) {
    config_.node_types[1].node_config["serviceAccounts"] = {{{"email", email}}};
    project_.accounts[email] = {{"email", email}};
  }
  std::string member() { return "serviceAccount:" + email(); }
};

TEST_F(ServiceAccounts, AreMadeWithTheirRoles) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->id, email());
  EXPECT_EQ(made->title, tag());
  EXPECT_EQ(made->cluster, scope_.cluster_id);
  EXPECT_EQ(project_.accounts[email()]["description"], "rayctl c1 us-west1 demo: head");
  EXPECT_EQ(project_.members(),
            (std::set<std::string>{
                "roles/owner user:ana@example.com", "roles/compute.instanceAdmin.v1 " + member(),
                "roles/compute.viewer " + member(), "roles/compute.networkUser " + member()}));
  EXPECT_EQ(project_.policies[""]["version"], 3);
  for (const Json& binding : project_.policies[""]["bindings"]) {
    EXPECT_EQ(binding.contains("condition"), binding["role"] == "roles/compute.instanceAdmin.v1");
  }
  EXPECT_EQ(differs(), "");
  project_.count_anew();
  ASSERT_TRUE(make().ok());
  EXPECT_FALSE(project_.calls.contains("cloudresourcemanager.projects.setIamPolicy"));
}

TEST_F(ServiceAccounts, WhatIamShowsLateIsWaitedFor) {
  project_.iam_delay = Millis{20'000};
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.members().size(), 4U);
  project_.iam_delay = Millis{600'000};
  scope_.cluster_id = ClusterId{"c2"};
  const auto late = make();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().fault, Fault::kTransient);
}

TEST_F(ServiceAccounts, MayUseTheAccountsOfWorkers) {
  workers_carry(kWorkers);
  ASSERT_TRUE(make().ok());
  const std::set<std::string> may_use{"roles/iam.serviceAccountUser " + member()};
  EXPECT_EQ(project_.members(kWorkers), may_use);
  EXPECT_EQ(differs(), "");
  project_.policies[kWorkers].erase("bindings");
  EXPECT_EQ(differs(), "the head's rights are not as wanted");
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.members(kWorkers), may_use);
  ASSERT_TRUE(remove().ok());
  EXPECT_TRUE(project_.members(kWorkers).empty());
  EXPECT_TRUE(project_.accounts.contains(kWorkers));
}

TEST_F(ServiceAccounts, TheProjectsDefaultAccountIsLookedUp) {
  workers_carry("default");
  project_.accounts[project_.default_account] = {{"email", project_.default_account}};
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.members(project_.default_account).size(), 1U);
}

TEST_F(ServiceAccounts, RolesOfOthersAreLeftAlone) {
  ASSERT_TRUE(make().ok());
  Json& bindings = project_.policies[""]["bindings"];
  bindings.push_back({{"role", "roles/storage.objectViewer"}, {"members", {member()}}});
  EXPECT_EQ(differs(), "") << "given by hand";
  bindings.push_back({{"role", "roles/compute.instanceAdmin.v1"},
                      {"members", {member(), "user:bob@example.com"}},
                      {"condition", {{"title", "rayctl machines"}, {"expression", "true"}}}});
  EXPECT_EQ(differs(), "the head's rights are not as wanted") << "an older one of ours";
  ASSERT_TRUE(make().ok());
  const std::set<std::string> members = project_.members();
  EXPECT_TRUE(members.contains("roles/storage.objectViewer " + member()));
  EXPECT_TRUE(members.contains("roles/compute.instanceAdmin.v1 user:bob@example.com"));
  EXPECT_EQ(differs(), "");
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(project_.members(),
            (std::set<std::string>{"roles/owner user:ana@example.com",
                                   "roles/compute.instanceAdmin.v1 user:bob@example.com"}));
}

TEST_F(ServiceAccounts, APolicyThatOthersChangeMeanwhileLosesNothing) {
  int changes = 0;
  project_.meanwhile = [&](const std::string& id) {
    if (id != "cloudresourcemanager.projects.setIamPolicy" || changes == 3) return;
    ++changes;
    Json& policy = project_.policies[""];
    policy["etag"] = "theirs-" + std::to_string(changes);
    policy["bindings"].push_back(
        {{"role", "roles/viewer"}, {"members", {"user:" + std::to_string(changes)}}});
  };
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.members().size(), 7U);
  changes = 0;
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(project_.members().size(), 4U) << "theirs alone";
}

TEST_F(ServiceAccounts, ALostAnswerIsNoSecondBinding) {
  project_.lose_answer_of = "cloudresourcemanager.projects.setIamPolicy";
  EXPECT_EQ(make().error().fault, Fault::kUnknown);
  ASSERT_TRUE(make().ok());
  EXPECT_EQ(project_.members().size(), 4U);
  EXPECT_EQ(project_.accounts.size(), 1U);
}

TEST_F(ServiceAccounts, OneOfAnotherClusterIsNeverChanged) {
  project_.accounts[email()] = {{"email", email()},
                                {"description", "rayctl c2 us-west1 demo: head"}};
  const auto made = make();
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->cluster, ClusterId{"c2"});
  EXPECT_EQ(project_.members().size(), 1U);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(project_.accounts.size(), 1U);
}

TEST_F(ServiceAccounts, GoWithTheirRolesFirst) {
  ASSERT_TRUE(make().ok());
  ASSERT_TRUE(remove().ok());
  EXPECT_TRUE(project_.accounts.empty());
  EXPECT_EQ(project_.members(), std::set<std::string>{"roles/owner user:ana@example.com"});
  EXPECT_TRUE(remove().ok());
}

TEST_F(ServiceAccounts, WhatOneLeftThatWasDeletedByHandIsTakenAway) {
  ASSERT_TRUE(make().ok());
  project_.accounts.clear();
  project_.policies[""]["bindings"][1]["members"] = {"deleted:" + member() + "?uid=1"};
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(project_.members(), std::set<std::string>{"roles/owner user:ana@example.com"});
}

TEST_F(ServiceAccounts, StayWhileMachinesOfOthersCarryThem) {
  ASSERT_TRUE(make().ok());
  const Json carries{{"serviceAccounts", {{{"email", email()}}}}};
  project_.add_instance("theirs", carries);
  ASSERT_TRUE(remove().ok());
  EXPECT_EQ(project_.accounts.size(), 1U);
  project_.instances.clear();
  project_.add_instance("ours", with(carries, labels("demo", "c1", "head")));
  ASSERT_TRUE(remove().ok());
  EXPECT_TRUE(project_.accounts.empty());
}

TEST_F(ServiceAccounts, ARightThatIsMissingIsNamed) {
  project_.refuse = "cloudresourcemanager.projects.setIamPolicy";
  const auto made = make();
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, ErrorCode::kCredentials);
}

TEST(AccountEmails, OfProjectsOfADomain) {
  EXPECT_EQ(account_email("a", "p"), "a@p.iam.gserviceaccount.com");
  EXPECT_EQ(account_email("a", "example.com:p"), "a@p.example.com.iam.gserviceaccount.com");
}

}  // namespace
}  // namespace rayctl::gcp
