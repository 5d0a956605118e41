#include "providers/gcp/policy.h"

#include <gtest/gtest.h>

#include "model/tags.h"
#include "providers/gcp/instance_name.h"

namespace rayctl::gcp {
namespace {

PolicyFacts everything() {
  PolicyFacts facts;
  facts.project = "p";
  facts.cluster = "demo";
  facts.head_manages = facts.firewall = facts.service_account = facts.subnetworks = true;
  facts.keeps_stopped = facts.tpu = true;
  facts.worker_accounts = {"w@p", "default"};
  facts.to_use = {"compute.images.useReadOnly"};
  facts.templates = {"t"};
  return facts;
}

PolicyFacts least() {
  PolicyFacts facts;
  facts.project = "p";
  facts.cluster = "demo";
  facts.external_addresses = false;
  return facts;
}

std::set<std::string> rights(const Json& document) {
  return document["includedPermissions"].get<std::set<std::string>>();
}

TEST(Roles, AreDocumentsOfGcloud) {
  PolicyFacts facts = everything();
  facts.cluster = std::string(300, 'x');
  for (const Json& document :
       {operator_role(facts), head_role(facts), operator_role(least()), head_role(least())}) {
    EXPECT_EQ(document.size(), 4U);
    EXPECT_EQ(document["stage"], "GA");
    EXPECT_LE(document["title"].get<std::string>().size(), 100U);
    EXPECT_LE(document["description"].get<std::string>().size(), 256U);
    for (const std::string& right : rights(document)) {
      EXPECT_EQ(right.find('*'), std::string::npos);
      EXPECT_EQ(std::count(right.begin(), right.end(), '.'), 2) << right;
    }
  }
}

TEST(Roles, TheHeadCanDoWhatItsAutoscalerDoesAndNoMore) {
  const std::set<std::string> all = rights(head_role(everything()));
  for (const char* needed :
       {"compute.instances.list", "compute.instances.create", "compute.instances.setLabels",
        "compute.instances.delete", "compute.instances.start", "compute.disks.create",
        "compute.subnetworks.use", "compute.subnetworks.list", "compute.zoneOperations.get",
        "iam.serviceAccounts.actAs", "tpu.nodes.create", "compute.instanceTemplates.useReadOnly"})
    EXPECT_TRUE(all.contains(needed)) << needed;
  for (const std::string& right : all) {
    EXPECT_FALSE(right.starts_with("compute.firewalls.")) << right;
    EXPECT_FALSE(right.starts_with("resourcemanager.")) << right;
    EXPECT_TRUE(!right.starts_with("iam.") || right == "iam.serviceAccounts.actAs") << right;
  }
  const std::set<std::string> few = rights(head_role(least()));
  for (const char* refused :
       {"iam.serviceAccounts.actAs", "compute.instances.stop", "compute.subnetworks.useExternalIp",
        "tpu.nodes.create", "compute.images.useReadOnly"})
    EXPECT_FALSE(few.contains(refused)) << refused;
}

TEST(Roles, TheOperatorsFollowTheConfig) {
  const std::set<std::string> all = rights(operator_role(everything()));
  for (const char* needed :
       {"compute.firewalls.create", "compute.networks.updatePolicy", "iam.serviceAccounts.create",
        "resourcemanager.projects.setIamPolicy", "iam.serviceAccounts.setIamPolicy",
        "compute.projects.get", "compute.globalOperations.get", "compute.disks.delete"})
    EXPECT_TRUE(all.contains(needed)) << needed;
  const std::set<std::string> few = rights(operator_role(least()));
  for (const char* refused :
       {"compute.firewalls.create", "iam.serviceAccounts.create", "iam.serviceAccounts.actAs",
        "resourcemanager.projects.setIamPolicy", "tpu.nodes.list"})
    EXPECT_FALSE(few.contains(refused)) << refused;
  PolicyFacts facts = least();
  facts.head_accounts = {"h@p"};
  EXPECT_TRUE(rights(operator_role(facts)).contains("iam.serviceAccounts.actAs"));
  EXPECT_FALSE(rights(head_role(facts)).contains("iam.serviceAccounts.actAs"));
}

TEST(HeadBindings, ChangeOnlyWhatIsNamedLikeTheClustersMachines) {
  const std::vector<WantedBinding> all = head_bindings(least());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].role, "roles/compute.instanceAdmin.v1");
  EXPECT_TRUE(all[0].condition_title.starts_with(kConditionTitle));
  EXPECT_EQ(all[0].condition,
            "(resource.type == \"compute.googleapis.com/Instance\" && "
            "(resource.name.extract(\"/instances/{name}\").startsWith(\"ray-demo-head-\") || "
            "resource.name.extract(\"/instances/{name}\").startsWith(\"ray-demo-worker-\"))) || "
            "(resource.type == \"compute.googleapis.com/Disk\" && "
            "(resource.name.extract(\"/disks/{name}\").startsWith(\"ray-demo-head-\") || "
            "resource.name.extract(\"/disks/{name}\").startsWith(\"ray-demo-worker-\")))");
  for (std::size_t at = 1; at < all.size(); ++at)
    EXPECT_EQ(all[at].condition, "");
  const std::vector<WantedBinding> more = head_bindings(everything());
  EXPECT_EQ(more.size(), 5U);
  EXPECT_NE(more[0].condition.find("/instanceTemplates/t\""), std::string::npos);
}

TEST(HeadBindings, FitNamesOfTheLongestClustersToo) {
  PolicyFacts facts = least();
  facts.cluster = std::string(40, 'a') + "-worker-" + std::string(40, 'b');
  const std::string condition = head_condition(facts);
  for (const bool head : {true, false}) {
    const std::string name = instance_name({facts.cluster}, head, false, {"op"}, "a", {"n"});
    bool fits = false;
    const std::string mark = "startsWith(\"";
    for (std::size_t at = condition.find(mark); at != std::string::npos;
         at = condition.find(mark, at + 1)) {
      const std::size_t from = at + mark.size();
      fits = fits || name.starts_with(condition.substr(from, condition.find('"', from) - from));
    }
    EXPECT_TRUE(fits) << name;
  }
}

}  // namespace
}  // namespace rayctl::gcp
