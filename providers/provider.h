#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/observed.h"
#include "model/resource.h"
#include "model/snapshot.h"
#include "model/spec.h"
#include "model/tags.h"
#include "transport/command_runner.h"

namespace rayctl {

/// A launch of machines of one type: one operation, one token.
struct LaunchRequest {
  ClusterName cluster;
  std::vector<NodeName> nodes;  ///< how many; the provider may use the names as hints
  const NodeSpec* spec = nullptr;
  OpToken token;
  Tags tags;  ///< launch_tags(): put on every machine in the same call that makes it
  /// All that a machine is tagged with once it has this name. A provider whose machines are named
  /// by the call that makes them puts it on in that call, which saves naming them afterwards; may
  /// be null.
  std::function<Tags(const NodeName&)> named_tags{};
  /// Where a provider that made fewer machines than asked for says why, in one line; may be null.
  std::string* why_fewer = nullptr;
  /// What this operation has tried before, if it is one that is gone on with (LaunchAttempt). One
  /// whose end is not known is tried again first, as the very same call; the others are not.
  std::vector<LaunchAttempt> attempts;
  /// Writes the attempts into the journal: before each call with one more that has not ended, and
  /// once it has. May be null where nothing is journalled. An Error ends the launch.
  std::function<Result<>(const std::vector<LaunchAttempt>& attempts)> journal;
  /// What is recorded of the cluster's resources: a launch takes it as it is.
  std::map<ResourceName, ResourceRecord> resources{};
};

/// What is known of the cluster when its resources are looked at or made.
struct ResourceScope {
  ClusterName cluster;
  ClusterId cluster_id;  ///< "" before the first apply
  std::map<ResourceName, ResourceRecord> known;
  /// Looks at every resource; else one that is known and costs a call to see counts as it was
  /// recorded.
  bool thorough = false;
};

/// A place that machines come from. May be eventually consistent; may be called concurrently.
class Provider {
 public:
  virtual ~Provider() = default;
  /// Every machine labelled with this cluster's name, whatever its power and whoever made it;
  /// tags already read (read_tags).
  virtual Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) = 0;
  /// Waits until something has changed since the last `list` of this cluster, or may have, or the
  /// deadline passes, or `stop`. False, at once, where that cannot be told: then a caller looks
  /// again after a while.
  virtual bool await_change(const ClusterName&, Time, std::stop_token) { return false; }
  /// Whether `list` may lag behind what `create` and `terminate` have answered.
  virtual bool list_lags() const { return true; }
  /// Whether `terminate` ends a machine that is `unseen` for certain.
  virtual bool ends_silent() const { return false; }
  /// Makes up to nodes.size() machines, idempotent in the token: a second call returns the first
  /// one's machines. Fewer than asked for is a normal outcome.
  virtual Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) = 0;
  /// Machines that are there whether or not the cluster has them: what a launch takes one of.
  virtual std::vector<CloudNode> standing() const { return {}; }
  /// Adds or overwrites tags; durable and seen by the next list.
  virtual Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) = 0;
  /// Succeeds when the machine is gone or going, and if it never existed.
  virtual Result<> terminate(const CloudId& id, Time deadline) = 0;
  /// Ends a machine that may be wanted again: where the config keeps machines stopped for that, it
  /// is stopped, and a later `create` starts it.
  virtual Result<> release(const CloudId& id, Time deadline) { return terminate(id, deadline); }

  /// What the config needs beside machines, and what is there of it.
  virtual Result<SeenResources> list_resources(const ResourceScope& scope, Time deadline);
  /// Makes a resource, or finds it, and brings it to what is wanted; tagged with the cluster's id
  /// in the call that makes it. Repeating it makes nothing twice.
  virtual Result<SeenResource> make_resource(const ResourceScope& scope, const ResourceSpec& spec,
                                             Time deadline);
  /// Removes a resource that carries this cluster's id. Succeeds when it is gone, if it never
  /// existed, and where others still use or own it: then it stays. kTransient while what uses it is
  /// still going.
  virtual Result<> remove_resource(const ResourceScope& scope, const ResourceName& name,
                                   Time deadline);

  /// Puts into node configs what names in them mean that mean another thing over time (an image
  /// "latest_dlami"): what `pinned` says of a name, else what the provider says now. Gives all
  /// names that were met, with their meanings.
  virtual Result<std::map<std::string, std::string>> resolve_images(
      std::vector<Json*> node_configs, const std::map<std::string, std::string>& pinned,
      Time deadline);
  /// A node config as a launch completes it: with the ids of the cluster's resources in place.
  virtual Result<Json> launch_config(const Json& node_config, bool head, Time deadline);
  /// What a machine of each of these node configs offers, in Ray's words ("CPU", "memory" in
  /// bytes, "GPU", "accelerator_type:A100"); empty where nothing is known.
  virtual Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time deadline);
};

/// A port of this machine's loopback that leads to a port of a node while the object lives.
class PortForward {
 public:
  virtual ~PortForward() = default;
  virtual int local_port() const = 0;
};

/// A program for the user's own terminal, run by this machine: an interactive login, say.
struct Terminal {
  std::string line;  ///< the shell line to run on the node; "" for a login shell
  bool tty = true;   ///< give it a pseudo-terminal there
  /// Local port to port of the node, held open while it runs.
  std::vector<std::pair<int, int>> forwards;
};

/// How to work on the machines of a provider. Hosts and clouds share one over SSH; the process
/// provider and Kubernetes have their own. May be called concurrently.
class NodeAccess {
 public:
  virtual ~NodeAccess() = default;
  /// Where Ray runs: inside the node's container, if it has one.
  virtual Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) = 0;
  /// The machine itself, outside any container.
  virtual Result<std::unique_ptr<CommandRunner>> machine_runner(const CloudNode& node) {
    return runner(node);
  }
  /// How the config's shell lines run on the nodes (transport/shell_line.h).
  virtual ShellKind shell() const { return ShellKind::kBash; }
  /// The program that starts Ray on `node`, without the authentication variables (the applier adds
  /// them). It stays in the foreground while Ray lives, unless `spec` gives start commands: those
  /// end once Ray runs on its own, and it is then `shell_argv(shell(), commands)`. `head` is null
  /// for the head itself.
  virtual Result<Command> start_command(const CloudNode& node, const NodeSpec& spec,
                                        const CloudNode* head) = 0;
  /// host:port at which GCS of this head is reached from here, already forwarded where needed.
  virtual Result<std::string> gcs_endpoint(const CloudNode& head) = 0;
  /// host:port at which the nodes reach GCS of this head. Where nodes are on this machine, the
  /// same as gcs_endpoint.
  virtual Result<std::string> gcs_on_nodes(const CloudNode& head) { return gcs_endpoint(head); }
  /// http://host:port of the dashboard as seen from here.
  virtual Result<std::string> dashboard_url(const CloudNode& head) = 0;
  /// A forward from `local_port` (0: a free one) to a port that the node listens on at its own
  /// loopback; kPermanent if the local port is taken. kNotSupported where nodes are on this
  /// machine.
  virtual Result<std::unique_ptr<PortForward>> forward(const CloudNode& node, int port,
                                                       int local_port);
  /// The argv of a program of this machine (ssh, kubectl, a shell) that gives the user's terminal
  /// to the node, outside any container. kNotSupported where there is none.
  virtual Result<std::vector<std::string>> terminal(const CloudNode& node, const Terminal& wanted);
};

}  // namespace rayctl
