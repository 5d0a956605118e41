#include "config/defaults.h"

#include <map>

#include "config/findings.h"
#include "config/reader.h"

namespace rayctl {
namespace {

constexpr char kCommon[] = R"yaml(
cluster_name: default
max_workers: 2
upscaling_speed: 1.0
idle_timeout_minutes: 5
)yaml";

constexpr char kStartOnPort[] = R"yaml(
head_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --head --port=6379 --object-manager-port=8076 --autoscaling-config=~/ray_bootstrap_config.yaml --dashboard-host=0.0.0.0
worker_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --address=$RAY_HEAD_IP:6379 --object-manager-port=8076
)yaml";

constexpr char kAws[] = R"yaml(
auth: {ssh_user: ubuntu}
available_node_types:
  ray.head.default:
    resources: {}
    node_config:
      InstanceType: m5.large
      BlockDeviceMappings: [{DeviceName: /dev/sda1, Ebs: {VolumeSize: 256}}]
  ray.worker.default:
    min_workers: 0
    resources: {}
    node_config:
      InstanceType: m5.large
      InstanceMarketOptions: {MarketType: spot}
head_node_type: ray.head.default
setup_commands:
  - >-
    (stat $HOME/anaconda3/envs/tensorflow2_p310/ &> /dev/null &&
    echo 'export PATH="$HOME/anaconda3/envs/tensorflow2_p310/bin:$PATH"' >> ~/.bashrc) || true
  - which ray || pip install -U "ray[default] @ https://s3-us-west-2.amazonaws.com/ray-wheels/latest/ray-3.0.0.dev0-cp310-cp310-manylinux2014_x86_64.whl"
head_setup_commands: ["pip install 'boto3>=1.4.8'"]
)yaml";

constexpr char kGcp[] = R"yaml(
auth: {ssh_user: ubuntu}
available_node_types:
  ray_head_default:
    resources: {CPU: 2}
    node_config: &machine
      machineType: n1-standard-2
      disks:
        - boot: true
          autoDelete: true
          type: PERSISTENT
          initializeParams:
            diskSizeGb: 50
            sourceImage: projects/deeplearning-platform-release/global/images/family/common-cpu
  ray_worker_small:
    min_workers: 0
    resources: {CPU: 2}
    node_config:
      <<: *machine
      scheduling: [{preemptible: true}]
head_node_type: ray_head_default
setup_commands:
  - >-
    (stat /opt/conda/bin/ &> /dev/null &&
    echo 'export PATH="/opt/conda/bin:$PATH"' >> ~/.bashrc) || true
  - which ray || pip install -U "ray[default] @ https://s3-us-west-2.amazonaws.com/ray-wheels/latest/ray-3.0.0.dev0-cp37-cp37m-manylinux2014_x86_64.whl"
head_setup_commands: [pip install google-api-python-client==1.7.8]
)yaml";

constexpr char kAzure[] = R"yaml(
auth: {ssh_user: ubuntu}
available_node_types:
  ray.head.default:
    resources: {CPU: 2}
    node_config:
      azure_arm_parameters:
        vmSize: Standard_D2s_v3
        imagePublisher: microsoft-dsvm
        imageOffer: ubuntu-2204
        imageSku: 2204-gen2
        imageVersion: latest
        availability_zone: none
  ray.worker.default:
    min_workers: 0
    resources: {CPU: 2}
    node_config:
      azure_arm_parameters:
        vmSize: Standard_D2s_v3
        imagePublisher: microsoft-dsvm
        imageOffer: ubuntu-2204
        imageSku: 2204-gen2
        imageVersion: latest
        priority: Spot
head_node_type: ray.head.default
initialization_commands: [touch ~/.sudo_as_admin_successful]
setup_commands:
  - (which conda && echo 'eval "$(conda shell.bash hook)"' >> ~/.bashrc) || true
  - conda tos accept
  - conda create -n ray-env python=3.10 -y
  - conda activate ray-env && echo 'conda activate ray-env' >> ~/.bashrc
  - which ray || pip install -U "ray[default] @ https://s3-us-west-2.amazonaws.com/ray-wheels/latest/ray-3.0.0.dev0-cp310-cp310-manylinux2014_x86_64.whl"
head_setup_commands:
  - pip install -U azure-core==1.35.0 azure-identity==1.23.1 azure-mgmt-compute==35.0.0 azure-mgmt-network==29.0.0 azure-mgmt-resource==24.0.0 azure-common==1.1.28 msrest==0.7.1 msrestazure==0.6.4.post1
)yaml";

constexpr char kVsphere[] = R"yaml(
cluster_name: ray-cluster
max_workers: 5
docker:
  image: rayproject/ray-ml:latest
  container_name: ray_container
  pull_before_run: true
  run_options: [--ulimit nofile=65536:65536]
auth: {ssh_user: ray, ssh_private_key: ~/ray-bootstrap-key.pem}
available_node_types:
  ray.head.default: {resources: {}}
  worker: {min_workers: 1, max_workers: 3, resources: {}}
  worker_2: {min_workers: 1, max_workers: 2, resources: {}}
head_node_type: ray.head.default
head_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml --dashboard-host=0.0.0.0
worker_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --address=$RAY_HEAD_IP:6379
)yaml";

constexpr char kLocal[] = R"yaml(
head_start_ray_commands:
  - ray stop
  - ulimit -c unlimited; ray start --head --port=6379 --autoscaling-config=~/ray_bootstrap_config.yaml
worker_start_ray_commands:
  - ray stop
  - ray start --address=$RAY_HEAD_IP:6379
)yaml";

constexpr char kKubernetes[] = R"yaml(
head_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --head --port=6379 --no-monitor --dashboard-host=0.0.0.0
worker_start_ray_commands:
  - ray stop
  - ulimit -n 65536; ray start --address=$RAY_HEAD_IP:6379
)yaml";

constexpr char kSpark[] = R"yaml(
cluster_name: spark
max_workers: 8
idle_timeout_minutes: 1.0
available_node_types:
  ray.head.default: {resources: {CPU: 8, GPU: 0}, node_config: {}, max_workers: 0}
  ray.worker: {resources: {CPU: 1, object_store_memory: 1000000000}, node_config: {}, min_workers: 0, max_workers: 4}
head_node_type: ray.head.default
)yaml";

constexpr char kReadonly[] = R"yaml(
max_workers: 0
available_node_types:
  ray.head.default: {resources: {}, node_config: {}, max_workers: 0}
head_node_type: ray.head.default
)yaml";

constexpr char kExternal[] = R"yaml(
available_node_types: {ray.head.default: {}, ray.worker.default: {}}
head_node_type: ray.head.default
)yaml";

struct Texts {
  const char* own;
  const char* start;
};

const std::map<std::string, Texts>& sources() {
  static const std::map<std::string, Texts> all = {
      {"aws", {kAws, kStartOnPort}},     {"gcp", {kGcp, kStartOnPort}},
      {"azure", {kAzure, kStartOnPort}}, {"vsphere", {kVsphere, ""}},
      {"local", {kLocal, ""}},           {"kubernetes", {kKubernetes, ""}},
      {"spark", {kSpark, ""}},           {"readonly", {kReadonly, ""}},
      {"external", {kExternal, ""}},     {"aliyun", {"", kStartOnPort}},
  };
  return all;
}

Yaml read(const char* text, const std::string& file) {
  Findings findings;
  std::optional<Yaml> yaml = read_yaml(text, file, findings);
  return yaml ? *std::move(yaml) : Yaml();
}

Yaml load(const std::string& type) {
  std::string file = "(defaults of " + type + ")";
  Yaml defaults = read(kCommon, file);
  auto at = sources().find(type);
  if (at == sources().end()) return defaults;
  for (const char* text : {at->second.start, at->second.own}) {
    for (Yaml::Entry& each : read(text, file).entries)
      defaults.set(each.key, std::move(each.value));
  }
  return defaults;
}

}  // namespace

const Yaml& provider_defaults(const std::string& type) {
  static const std::map<std::string, Yaml> all = [] {
    std::map<std::string, Yaml> loaded;
    for (const auto& [name, texts] : sources())
      loaded[name] = load(name);
    return loaded;
  }();
  static const Yaml common = load("");
  auto at = all.find(type);
  return at == all.end() ? common : at->second;
}

}  // namespace rayctl
