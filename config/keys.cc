#include "config/keys.h"

#include <algorithm>

#include "config/keys_make.h"

namespace rayctl {

using namespace make;  // NOLINT(google-build-using-namespace): rows of tables

namespace {
constexpr int kLastPort = 65535;
}  // namespace

const Key* Record::find(const std::string& name) const {
  auto at =
      std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
  return at == keys.end() ? nullptr : &*at;
}

std::vector<std::string> Record::names() const {
  std::vector<std::string> names;
  for (const Key& key : keys)
    names.push_back(key.name);
  return names;
}

const Record* top_record() {
  Key utilization = number(
      "target_utilization_fraction",
      "Adds workers when a larger share of resources is in use. Older form: 0.8 by default.");
  utilization.most = 1;
  static const Record record{{
      text("cluster_name", "Names the cluster: its machines, tags and state. Default `default`."),
      whole("max_workers", "The most workers at once, the head not counted. Default 2."),
      number("upscaling_speed",
             "How many nodes may be launched at once, as a share of those that run. Default 1.0."),
      number("idle_timeout_minutes", "A worker that is idle for so long is removed. Default 5."),
      required(map("provider", "Where the machines come from; `type` says which kind.")),
      make::record("auth", auth_record, "How to log in to the machines."),
      make::record("docker", docker_record, "Runs Ray in a container on every node."),
      map("available_node_types", "The kinds of node, by name."),
      text("head_node_type", "Which of available_node_types the head is."),
      row("file_mounts", KeyType::kStringOf, "Path on the nodes: path here. Sent to every node."),
      texts("cluster_synced_files",
            "Paths on the head that are copied to a worker when it is made, and to all when the "
            "list changes."),
      yes_no(
          "file_mounts_sync_continuously",
          "Changes of file_mounts are sent while the cluster runs, without running set-up again."),
      texts("rsync_exclude", "Patterns of files that are not sent, as of `rsync --exclude`."),
      texts("rsync_filter", "Names of files such as .gitignore that hold such patterns."),
      any("metadata", "Your own notes. Nothing reads them."),
      texts("initialization_commands",
            "Shell commands run on the machine itself before set-up, outside any container."),
      texts("setup_commands", "Shell commands run once on every node."),
      texts("head_setup_commands", "Shell commands run on the head after setup_commands."),
      texts("worker_setup_commands", "Shell commands run on the workers after setup_commands."),
      texts("head_start_ray_commands", "Shell commands that start Ray on the head."),
      texts("worker_start_ray_commands",
            "Shell commands that start Ray on the workers; $RAY_HEAD_IP is the head's address."),
      any("no_restart", "Set by Ray's own --no-restart; ignored."),
      make::record("rayctl", rayctl_record, "Settings of rayctl that Ray does not know."),
      nullable(map("head_node", "Older form: the head's node_config.")),
      nullable(map("worker_nodes", "Older form: the workers' node_config.")),
      whole("min_workers",
            "Older form, and `type: local`: the least workers at any time. Default 0."),
      whole("initial_workers", "Older form: workers to begin with. Default 0."),
      one_of("autoscaling_mode", {"default", "aggressive"},
             "Older form: `aggressive` starts initial_workers as soon as any is wanted."),
      utilization,
  }};
  return &record;
}

const Record* auth_record() {
  static const Record record{{
      text("ssh_user", "The user to log in as."),
      text("ssh_private_key", "Path of the private key, here."),
      text("ssh_public_key", "Path of the public key, here."),
      text("ssh_proxy_command",
           "ssh's ProxyCommand, such as `nc -x proxy.example.com:1234 %h %p`."),
      yes_no("ssh_proxy_use_node_id",
             "The proxy command gets the provider's node id in place of the address."),
  }};
  return &record;
}

const Record* docker_record() {
  static const Record record{{
      text("image", "The image of every node."),
      text("container_name", "The container's name on each machine."),
      yes_no("pull_before_run", "Pull the image even if the machine has one of that name."),
      texts("run_options", "Options for `docker run` on every node."),
      text("head_image", "The head's image, in place of `image`."),
      texts("head_run_options", "The head's options, after run_options."),
      text("worker_image", "The workers' image, in place of `image`."),
      texts("worker_run_options", "The workers' options, after run_options."),
      yes_no("disable_automatic_runtime_detection",
             "Do not choose the NVIDIA runtime on machines that have it."),
      yes_no("disable_shm_size_detection", "Do not size /dev/shm after the machine's memory."),
      yes_no("use_podman", "Call `podman` instead of `docker`."),
  }};
  return &record;
}

namespace {

const Record* type_docker_record() {
  static const Record record{{
      yes_no("pull_before_run", "Pull the image even if the machine has one of that name."),
      text("worker_image", "The image of this type's workers."),
      texts("worker_run_options", "Options of this type's workers, after run_options."),
  }};
  return &record;
}

Key resources() {
  Key key =
      row("resources", KeyType::kNumberOf,
          "What Ray can hand out on such a node, such as {CPU: 4, GPU: 1}. Empty: Ray finds out.");
  key.least = 0;
  return key;
}

}  // namespace

const Record* node_type_record() {
  static const Record record{{
      map("node_config", "The machine, in the words of its provider."),
      whole("min_workers", "The least workers of this type. Default 0."),
      whole("max_workers",
            "The most workers of this type. Default: the cluster's max_workers; 0 for the head."),
      nullable(number("idle_timeout_s",
                      "A worker of this type that is idle for so many seconds is removed.")),
      whole("priority", "Types of higher priority are launched first. Default 0.",
            -std::numeric_limits<double>::infinity()),
      resources(),
      row("labels", KeyType::kStringOf, "Ray's node labels."),
      texts("initialization_commands",
            "In place of the cluster's initialization_commands, for this type's workers."),
      texts("worker_setup_commands",
            "In place of the cluster's setup_commands and worker_setup_commands, for this type's "
            "workers."),
      make::record("docker", type_docker_record,
                   "Over the cluster's docker section, for this type's workers."),
  }};
  return &record;
}

const Record* ssh_record() {
  Key port = whole("port", "The port of sshd on every machine. Default 22.", 1);
  port.most = kLastPort;
  static const Record record{{
      port,
      yes_no(
          "login_shell",
          "Commands run as Ray runs them, in an interactive login shell of bash; false: in plain "
          "`sh`, for minimal images. Default true."),
      number("connect_timeout_s",
             "Seconds to reach a machine and log in before it counts as not answering. Default 10.",
             1),
      number(
          "keepalive_s",
          "Ask a silent connection for a sign of life after so many seconds; after three without "
          "one it is lost. Default 15.",
          2),
      one_of("jump", {"head", "none"},
             "`head`: workers are reached through the head. Default none."),
  }};
  return &record;
}

const Record* host_record() {
  Key port = whole("ssh_port", "The port of its sshd.", 1);
  port.most = kLastPort;
  static const Record record{{
      text("ssh_user", "The user to log in as on this host."),
      text("ssh_private_key", "Path of the private key for this host, here."),
      port,
  }};
  return &record;
}

const Record* rayctl_record() {
  static const Record record{{
      whole("max_unavailable", "How many workers may be replaced at a time. Default 1.", 1),
      number("wait_timeout_s", "Seconds for a node to join Ray. Default 300."),
      number("boot_timeout_s", "Seconds for a machine that runs to answer over SSH. Default 300."),
      number("drain_timeout_s",
             "Seconds that work on a node gets to end before the node is stopped. Default 60."),
      yes_no("auth_token", "Ray's token authentication. Default true."),
      yes_no("wait_for_workers",
             "`up` and `apply` wait until the workers have joined. Default true."),
      make::record("ssh", ssh_record, "How machines are reached, beside `auth`."),
      record_of("hosts", host_record,
                "With `type: local`: what is different on single hosts, by their address."),
      one_of("autoscaler", {"rayctl", "operator", "ray", "none"},
             "Who adds and removes workers: `rayctl` (beside the head), `operator` (the same, on "
             "the machine that applies), `ray` (Ray's monitor) or `none`. Default rayctl."),
      texts("ssh_cidr",
            "In a cloud: the addresses that may reach SSH of the machines, such as "
            "203.0.113.0/24. Default: this machine's own."),
      text("address_url",
           "What answers with this machine's address as the internet sees it, where ssh_cidr does "
           "not say who may connect. Empty: nobody is asked. Default: the cloud's own service."),
      yes_no("spot_fallback",
             "Machines are bought on demand where there is no spot capacity. Default false."),
  }};
  return &record;
}

}  // namespace rayctl
