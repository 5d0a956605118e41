#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/firewall.h"
#include "providers/gcp/launch_parts.h"
#include "providers/gcp/subnetworks.h"
#include "providers/gcp/wanted_resources.h"

namespace rayctl::gcp {

struct ResourceSettings {
  std::vector<ResourceSpec> wanted;  ///< wanted_resources()
  std::string home;                  ///< key files lie in its .ssh
  GcePlace place;
  std::string ssh_user;        ///< auth.ssh_user: whom the key lets in
  std::string given_key;       ///< auth.ssh_private_key as written; "" where a key pair is ours
  bool needs_network = false;  ///< a node type brings no networkInterfaces
  bool use_internal_ips = false;
  /// The address by which machines see this one, IPv4 or IPv6.
  std::function<Result<std::string>(Time deadline)> my_address;
  std::string who;  ///< "ana@laptop"
};
/// All of it that the config says; home, my_address and who are left to the caller.
ResourceSettings resource_settings(const Config& config, const WantedFacts& facts);

/// A cluster's key pair, firewall rules and service account: what Provider says of resources, for
/// Google's services. Thread-safe; `api` and `clock` outlive it.
class Resources {
 public:
  Resources(Api& api, Clock& clock, ResourceSettings settings);

  /// Where all is recorded and the look is not thorough: one call, for the firewall. Else what is
  /// not recorded (or all) is looked at, at the same time. What is recorded and no longer wanted is
  /// given as it was recorded.
  Result<SeenResources> list(const ResourceScope& scope, Time deadline);
  Result<SeenResource> make(const ResourceScope& scope, const ResourceSpec& spec, Time deadline);
  /// Never asks for a record: what is removed carries this cluster's id.
  Result<> remove(const ResourceScope& scope, const ResourceName& name, Time deadline);

  /// What a launch of the head or of workers adds: what this run has not seen is taken as it is
  /// recorded, and looked for where it is not, so that the head's own rights are enough for
  /// workers. The public key is that of the file here, else the recorded one, else that of the
  /// cluster's head.
  Result<LaunchParts> for_launch(const ResourceScope& scope, bool head, Time deadline);
  /// The private key of what was last listed, made or found; "" where the config brings its own.
  std::string key_file() const;
  const Subnetworks& subnetworks() const { return subnetworks_; }

  Result<std::vector<SshAccess>> list_access(const ResourceScope& scope, Time deadline);
  Result<> add_access(const ResourceScope& scope, const std::string& cidr, const std::string& who,
                      Time deadline);
  Result<std::vector<SshAccess>> remove_access(const ResourceScope& scope,
                                               const std::string& cidr_or_who, Time deadline);

 private:
  /// One resource, and what is to be said of it.
  struct Look {
    SeenResource seen;  ///< its id is "" if it is not there
    std::vector<Diagnostic> blocked;
    std::vector<std::string> notes;
    std::string key_file = "";  ///< of the key pair
  };
  ResourceJob job(const ResourceScope& scope, Time deadline) const;
  FirewallFacts firewall_facts() const;
  /// The scope without the record of a key pair that is lost and opens no machine: a `down` that
  /// was killed removed it. Asks for the machines only where the key's file is not here.
  Result<ResourceScope> without_lost_key(const ResourceScope& scope, Time deadline) const;
  Result<Look> look(const ResourceScope& scope, const ResourceSpec& spec, Time deadline) const;
  Result<Look> bring_about(const ResourceScope& scope, const ResourceSpec& spec,
                           Time deadline) const;
  Look as_recorded(const ResourceScope& scope, const ResourceName& name) const;
  const ResourceSpec* wanted(const char* name) const;
  /// The scope with the cluster's id, where only what was seen of its own tells it.
  ResourceScope with_id(const ResourceScope& scope) const;
  /// Puts what a look found into the answer.
  void take(Look& found, const ResourceScope& scope, ResourceSpec& spec, SeenResources& result);
  void remember(const Look& look);
  void forget(const ResourceName& name);
  /// The id ("public key", tag, email) of a resource by this run, its record, or a look; "" where
  /// it is not wanted or not there.
  Result<std::string> id_for_launch(const ResourceScope& scope, const char* name, Time deadline);
  /// The lines of `ssh-keys`.
  Result<std::vector<std::string>> ssh_keys(const ResourceScope& scope, Time deadline);
  Result<std::vector<std::string>> keys_of_head(const ResourceScope& scope, Time deadline);

  Api& api_;
  Clock& clock_;
  const ResourceSettings settings_;
  Subnetworks subnetworks_;
  mutable std::mutex mutex_;
  std::map<ResourceName, SeenResource> seen_;
  std::string key_file_;
  std::optional<std::vector<std::string>> head_keys_;
};

}  // namespace rayctl::gcp
