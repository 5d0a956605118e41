#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "providers/aws/security_group.h"
#include "providers/aws/wanted_resources.h"

namespace rayctl::aws {

struct ResourceSettings {
  std::vector<ResourceSpec> wanted;  ///< wanted_resources()
  std::string home;                  ///< key files lie in its .ssh
  std::string region;
  SecurityGroupFacts security_group;
};

/// A cluster's key pair, security group, role and instance profile: what Provider says of
/// resources, for EC2 and IAM. Thread-safe; `api` and `clock` outlive it.
class Resources {
 public:
  Resources(Api& api, Clock& clock, ResourceSettings settings);

  /// Where all is recorded and the look is not thorough: one call, for the security group. Else
  /// what is not recorded (or all) is looked at, at the same time. What is recorded and no longer
  /// wanted is given as it was recorded.
  Result<SeenResources> list(const ResourceScope& scope, Time deadline);
  Result<SeenResource> make(const ResourceScope& scope, const ResourceSpec& spec, Time deadline);
  /// Never asks for a record: what is removed carries this cluster's id.
  Result<> remove(const ResourceScope& scope, const ResourceName& name, Time deadline);

  /// Of what was last listed, made or found, so that a launch in the same run needs no call.
  KnownIds ids() const;
  /// The same for a launch of the head or of workers: what it is launched with and this run has not
  /// seen is taken as it is recorded, and looked for where it is not. Nothing else is looked at, so
  /// that the head's own rights are enough for workers.
  Result<KnownIds> ids_for_launch(const ResourceScope& scope, bool head, Time deadline);
  /// The private key of that key pair; "" where the config brings its own.
  std::string key_file() const;

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
    std::string note = "";  ///< what a person should know of it
  };
  ResourceJob job(const ResourceScope& scope, Time deadline) const;
  Result<Look> look(const ResourceScope& scope, const ResourceSpec& spec, Time deadline) const;
  Result<Look> bring_about(const ResourceScope& scope, const ResourceSpec& spec,
                           Time deadline) const;
  Look as_recorded(const ResourceScope& scope, const ResourceName& name) const;
  std::string iam_name_of(const ResourceScope& scope, const ResourceName& name) const;
  /// The spec's `want`; null where the config brings its own groups.
  Json group_want() const;
  void remember(const SeenResource& seen);
  void forget(const ResourceName& name);

  Api& api_;
  Clock& clock_;
  const ResourceSettings settings_;
  mutable std::mutex mutex_;
  KnownIds ids_;
};

}  // namespace rayctl::aws
