#include "providers/gcp/policy.h"

#include "base/text.h"
#include "providers/gcp/instance_name.h"

namespace rayctl::gcp {
namespace {

using Rights = std::set<std::string>;

constexpr std::size_t kLongestTitle = 100;
constexpr std::size_t kLongestDescription = 256;
constexpr char kUseImages[] = "compute.images.useReadOnly";

void look(Rights& rights, const PolicyFacts& facts) {
  rights.insert({"compute.instances.get", "compute.instances.list", "compute.machineTypes.get",
                 "compute.images.getFromFamily", "compute.zoneOperations.get"});
  if (facts.subnetworks) rights.insert("compute.subnetworks.list");
  if (!facts.templates.empty()) rights.insert("compute.instanceTemplates.get");
}

bool carries_accounts(const PolicyFacts& facts, bool head) {
  return !facts.worker_accounts.empty() ||
         (head && (facts.service_account || !facts.head_accounts.empty()));
}

/// Starts, labels and ends machines; `head`: the head too.
void machines(Rights& rights, const PolicyFacts& facts, bool head) {
  rights.insert({"compute.instances.create", "compute.instances.setLabels",
                 "compute.instances.setMetadata", "compute.instances.setTags",
                 "compute.instances.delete", "compute.disks.create", "compute.disks.setLabels",
                 "compute.subnetworks.use"});
  if (facts.external_addresses) rights.insert("compute.subnetworks.useExternalIp");
  rights.insert(facts.to_use.begin(), facts.to_use.end());
  if (!facts.templates.empty()) rights.insert("compute.instanceTemplates.useReadOnly");
  if (facts.keeps_stopped) rights.insert({"compute.instances.start", "compute.instances.stop"});
  if (carries_accounts(facts, head)) {
    rights.insert({"compute.instances.setServiceAccount", "iam.serviceAccounts.actAs"});
  }
  if (facts.tpu) {
    rights.insert({"tpu.nodes.create", "tpu.nodes.delete", "tpu.nodes.get", "tpu.nodes.list",
                   "tpu.nodes.update", "tpu.operations.get"});
  }
}

void firewall(Rights& rights) {
  rights.insert({"compute.firewalls.create", "compute.firewalls.get", "compute.firewalls.update",
                 "compute.firewalls.delete", "compute.networks.updatePolicy",
                 "compute.globalOperations.get"});
}

void service_account(Rights& rights, const PolicyFacts& facts) {
  rights.insert({"iam.serviceAccounts.create", "iam.serviceAccounts.get",
                 "iam.serviceAccounts.delete", "resourcemanager.projects.getIamPolicy",
                 "resourcemanager.projects.setIamPolicy"});
  if (facts.worker_accounts.empty()) return;
  rights.insert({"iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"});
  for (const std::string& account : facts.worker_accounts) {
    if (account == "default") rights.insert("compute.projects.get");
  }
}

/// What `rayctl orphans` looks at, whatever the file has.
void orphans(Rights& rights) {
  rights.insert({"compute.disks.list", "compute.disks.delete", "compute.firewalls.list",
                 "iam.serviceAccounts.list"});
}

Json document(const std::string& title, const std::string& description, const Rights& rights) {
  return {{"title", title.substr(0, kLongestTitle)},
          {"description", description.substr(0, kLongestDescription)},
          {"stage", "GA"},
          {"includedPermissions", rights}};
}

/// "ray-demo-worker-": what names of the cluster's machines begin with.
std::string name_start(const std::string& cluster, bool head) {
  const std::string name = instance_name({cluster}, head, false, {}, "", {});
  const std::string kind = head ? "-head-" : "-worker-";
  return name.substr(0, name.rfind(kind) + kind.size());
}

std::string of_type(const std::string& type, const std::vector<std::string>& any) {
  return "(resource.type == \"compute.googleapis.com/" + type + "\" && (" + join(any, " || ") +
         "))";
}

}  // namespace

Json operator_role(const PolicyFacts& facts) {
  Rights rights;
  look(rights, facts);
  machines(rights, facts, true);
  if (facts.firewall) firewall(rights);
  if (facts.service_account) service_account(rights, facts);
  orphans(rights);
  return document("rayctl " + facts.cluster + " operator",
                  "Who runs rayctl for the Ray cluster " + facts.cluster, rights);
}

Json head_role(const PolicyFacts& facts) {
  Rights rights;
  look(rights, facts);
  machines(rights, facts, false);
  return document(
      "rayctl " + facts.cluster + " head",
      "The head of the Ray cluster " + facts.cluster + ", which starts and ends its workers",
      rights);
}

std::string head_condition(const PolicyFacts& facts) {
  std::vector<std::string> instances, disks, templates;
  for (const bool head : {true, false}) {
    const std::string start = "}\").startsWith(\"" + name_start(facts.cluster, head) + "\")";
    instances.push_back("resource.name.extract(\"/instances/{name" + start);
    disks.push_back("resource.name.extract(\"/disks/{name" + start);
  }
  std::vector<std::string> any{of_type("Instance", instances), of_type("Disk", disks)};
  for (const std::string& name : facts.templates)
    templates.push_back("resource.name.endsWith(\"/instanceTemplates/" + name + "\")");
  if (!templates.empty()) any.push_back(of_type("InstanceTemplate", templates));
  return join(any, " || ");
}

std::vector<WantedBinding> head_bindings(const PolicyFacts& facts) {
  std::vector<WantedBinding> all;
  const auto give = [&](const char* role) {
    all.push_back({.role = role, .condition_title = "", .condition = ""});
  };
  all.push_back({.role = "roles/compute.instanceAdmin.v1",
                 .condition_title = std::string(kConditionTitle) + " machines of the cluster",
                 .condition = head_condition(facts)});
  give("roles/compute.viewer");
  give("roles/compute.networkUser");
  if (facts.to_use.contains(kUseImages)) give("roles/compute.imageUser");
  if (facts.tpu) give("roles/tpu.admin");
  return all;
}

}  // namespace rayctl::gcp
