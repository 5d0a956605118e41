#include <algorithm>

#include "config/keys_make.h"

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

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

}  // namespace

const std::vector<ProviderKeys>& provider_keys() {
  static const std::vector<ProviderKeys> keys = {
      {"process", "Every node is a process group on this machine.", process_record,
       process_node_record},
      {"local", "Machines of your own, reached over SSH.", open_record, open_record},
      {"aws", "Amazon EC2.", open_record, open_record},
      {"gcp", "Google Compute Engine.", open_record, open_record},
      {"azure", "Microsoft Azure.", open_record, open_record},
      {"kubernetes", "Pods of a Kubernetes cluster.", open_record, open_record},
      {"kuberay", "Pods that KubeRay manages.", open_record, open_record},
      {"vsphere", "VMware vSphere.", open_record, open_record},
      {"aliyun", "Alibaba Cloud.", open_record, open_record},
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
