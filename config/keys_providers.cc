#include <algorithm>

#include "config/keys_tables.h"

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

namespace make {

std::vector<Key> fields(KeyType type, std::initializer_list<const char*> names) {
  std::vector<Key> rows;
  for (const char* name : names) {
    rows.push_back(row(name, type, ""));
    if (type == KeyType::kInt) rows.back().least = 0;
  }
  return rows;
}

Record table(std::initializer_list<std::vector<Key>> parts) {
  Record record;
  for (const std::vector<Key>& part : parts) {
    record.keys.insert(record.keys.end(), part.begin(), part.end());
  }
  return record;
}

std::vector<Key> common_provider_keys() {
  return {
      yes_no("use_internal_ips", "Reach the nodes by their private addresses."),
      yes_no("use_external_head_ip", "Reach the head by its public address all the same."),
      yes_no("use_node_id_as_ip", "A node's id serves as its address."),
      yes_no("disable_node_updaters", "Ray's own: another program sets up the nodes."),
      yes_no("disable_launch_config_check", "Ray's own: outdated nodes are kept."),
      yes_no("foreground_node_launch", "Ray's own: the autoscaler launches in its main thread."),
      yes_no("worker_liveness_check", "Ray's own: restart Ray where its heartbeat stopped."),
      yes_no("worker_rpc_drain", "Ray's own: drain workers before they end."),
  };
}

}  // namespace make

namespace {

const Record* open_record() {
  static const Record record{{}, true};
  return &record;
}

const Record* process_record() {
  static const Record record{{
      text("ray", "The `ray` program. Default: the first on the PATH."),
      text("root", "The folder that holds the nodes' folders."),
  }};
  return &record;
}

const Record* process_node_record() {
  static const Record record{{
      row("ray_start_args", KeyType::kScalarOf,
          "Options of `ray start`, without the dashes; `true` gives a bare flag."),
      texts("command", "A program and its arguments, run in place of `ray start`."),
      row("env", KeyType::kScalarOf, "Environment variables of the node."),
  }};
  return &record;
}

const Record* local_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("head_ip", "The head's address or host name."),
       texts("worker_ips", "The workers' addresses or host names."),
       text("external_head_ip", "The head's address from outside, where it has another."),
       text("coordinator_address", "A coordinator that hands out machines, in place of a list.")},
  });
  return &record;
}

/// Of providers that are Ray's own classes.
Key python_key() {
  return text("python", "The interpreter that Ray's class runs in. Default `python3`.");
}

const Record* azure_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("location", "Such as westus2."), text("resource_group", "The resource group."),
       text("subscription_id", "The subscription. Default: that of the Azure CLI."),
       row("availability_zone", KeyType::kScalar, "Zones with commas between, `auto` or `none`."),
       map("tags", "Tags of your own on the resource group."),
       yes_no("cache_stopped_nodes",
              "Stop nodes in place of deleting them, and start those first."),
       row("unique_id", KeyType::kScalar, "What the names of its resources end in."),
       text("subnet_mask", "The virtual network's address space."), python_key()},
      fields(KeyType::kString, {"msi", "msi_identity_id", "msi_identity_principal_id", "msi_name",
                                "msi_resource_group", "nsg", "subnet", "subnet_id"}),
  });
  return &record;
}

const Record* arm_record() {
  static const Record record = table({
      {text("vmSize", "Such as Standard_D2s_v3."),
       row("availability_zone", KeyType::kScalar, "Zones with commas between, `auto` or `none`.")},
      fields(KeyType::kString,
             {"adminUsername", "evictionPolicy", "imageId", "imageOffer", "imagePublisher", "msi",
              "nsg", "priority", "publicKey", "subnet", "vmName"}),
      fields(KeyType::kScalar, {"imageSku", "imageVersion"}),
      fields(KeyType::kInt, {"osDiskSize", "vmCount"}),
      fields(KeyType::kBool, {"enableAcceleratedNetworking", "provisionPublicIp"}),
      fields(KeyType::kMap, {"billingProfile", "vmTags"}),
      fields(KeyType::kList, {"zones"}),
  });
  return &record;
}

const Record* azure_node_record() {
  static const Record record{{
      make::record("azure_arm_parameters", arm_record, "The parameters of Ray's VM template."),
      map("tags", "Tags of your own on the machine."),
  }};
  return &record;
}

const Record* aliyun_record() {
  static const Record record = table({
      common_provider_keys(),
      {text("region", "Such as cn-hangzhou."),
       text("access_key", "Write it as a secret:// reference."),
       text("access_key_secret", "Write it as a secret:// reference."),
       text("key_name", "The key pair. Default `ray`."),
       yes_no("cache_stopped_nodes",
              "Stop nodes in place of deleting them, and start those first."),
       list("security_group_rule", "Rules of the security group that is made."), python_key()},
      fields(KeyType::kString,
             {"cidr_block", "security_group_id", "v_switch_id", "vpc_id", "zone_id"}),
  });
  return &record;
}

const Record* vsphere_record() {
  static const Record record = table(
      {common_provider_keys(),
       {map("vsphere_config", "How to reach vSphere, and what to make there."), python_key()}});
  return &record;
}

const Record* vsphere_node_record() {
  static const Record record{{
      nullable(text("vm_class", "The VM class.")),
      nullable(text("resource_pool", "Ray up to 2.9: where the machine lives.")),
      nullable(text("datastore", "Ray up to 2.9: where its disk lies.")),
  }};
  return &record;
}

}  // namespace

const std::vector<ProviderKeys>& provider_keys() {
  static const std::vector<ProviderKeys> keys = {
      {"process", "Every node is a process group on this machine.", process_record,
       process_node_record},
      {"local", "Machines of your own, reached over SSH.", local_record, open_record},
      {"aws", "Amazon EC2.", aws_record, aws_node_record},
      {"gcp", "Google Compute Engine and Cloud TPU.", gcp_record, gcp_node_record},
      {"azure", "Microsoft Azure.", azure_record, azure_node_record},
      {"kubernetes", "Pods of a Kubernetes cluster.", kubernetes_record, kubernetes_node_record},
      {"kuberay", "Pods that KubeRay manages.", open_record, open_record},
      {"vsphere", "VMware vSphere.", vsphere_record, vsphere_node_record},
      {"aliyun", "Alibaba Cloud.", aliyun_record, open_record},
      {"spark", "Ray inside Apache Spark.", open_record, open_record},
      {"readonly", "A cluster that others manage.", open_record, open_record},
      {"fake_multinode", "Ray's own test provider.", open_record, open_record},
      {"fake_multinode_docker", "Ray's own test provider, in containers.", open_record,
       open_record},
      {"external", "A provider class of your own.", open_record, open_record},
  };
  return keys;
}

const ProviderKeys* find_provider(const std::string& type) {
  const auto& all = provider_keys();
  auto at = std::find_if(all.begin(), all.end(),
                         [&](const ProviderKeys& each) { return each.type == type; });
  return at == all.end() ? nullptr : &*at;
}

}  // namespace rayctl
