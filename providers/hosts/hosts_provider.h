#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "providers/provider.h"

namespace rayctl::hosts {

/// What the provider of private hosts is made from.
struct HostsSettings {
  std::string head;                  ///< provider.head_ip
  std::vector<std::string> workers;  ///< provider.worker_ips
  std::string external_head;         ///< provider.external_head_ip; "" for none
  /// Runs commands on a host, given as the file or a record names it. Called from several threads.
  std::function<Result<std::unique_ptr<CommandRunner>>(const std::string& host)> runner;
  /// The machines of this provider that the cluster's state knows, as they were when they were last
  /// seen: those that do not answer are shown like this. May be empty.
  std::function<std::vector<CloudNode>()> recorded;
  /// Ends what of a cluster runs on a host that is about to be released: Ray, containers, detached
  /// operations. Called again after a failure. May be empty.
  std::function<Result<>(const CloudNode& host, Time deadline)> empty_host;
};

/// Private hosts as machines: "made" by taking one that is free, "ended" by releasing it. Whose a
/// host is lies on the host itself (host_scripts.h), so that two clusters never have the same one.
/// A machine's id is the host's address as the file writes it. See README.md. Thread-safe.
class HostsProvider final : public Provider {
 public:
  explicit HostsProvider(HostsSettings settings);

  /// Asks every host of the file, and every one that a record names, at the same time: one command
  /// each. One that does not answer is in the list with `unseen`, and never an error.
  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override;
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override;
  /// All hosts of the file, unasked.
  std::vector<CloudNode> standing() const override;
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override;
  Result<> terminate(const CloudId& id, Time deadline) override;
  /// CPU and GPU that every worker host which answers has at least; the same for all node configs:
  /// nothing is launched by the size of the head.
  Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time deadline) override;

 private:
  using Steady = std::chrono::steady_clock;
  /// A host that made us wait, and what is said of it without asking until then.
  struct Silence {
    Steady::time_point until;
    std::string why;
  };
  /// What one host said of itself.
  struct Seen {
    std::string unseen;  ///< why it did not answer
    Tags tags;           ///< empty: it is free
  };
  Seen look(const std::string& host, Time deadline);
  std::string known_silence(const std::string& host);
  std::map<std::string, Seen> look_at(const std::set<std::string>& hosts, Time deadline);
  Result<CommandOutput> run(const std::string& host, const std::string& script,
                            const std::string& argument, const std::string& input, Time deadline);
  /// The tags that the host has after we tried to take it.
  Result<Tags> take(const std::string& host, const LaunchRequest& request, Time deadline);
  CloudNode machine(const std::string& host, const Tags& tags) const;
  std::string why_unwanted(const CloudNode& node) const;
  bool known(const std::string& host) const;
  std::string expected_cluster(const std::string& host);
  void remember(const std::string& host, const Tags& tags);

  const HostsSettings settings_;
  std::mutex mutex_;
  /// The cluster that has a host, as last seen.
  std::map<std::string, std::string> clusters_;
  std::map<std::string, Silence> silent_;
};

}  // namespace rayctl::hosts
