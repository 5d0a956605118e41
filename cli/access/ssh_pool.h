#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cli/io.h"
#include "model/config.h"
#include "transport/ssh/ssh_connection.h"

namespace rayctl {

/// A machine to log in to.
struct SshTarget {
  std::string node;           ///< what its host key is pinned under, and its login is looked up by
  std::string address;        ///< where it is dialled
  bool through_head = false;  ///< by way of the head
  bool operator==(const SshTarget&) const = default;
};

/// How all machines of a cluster are reached, and single ones otherwise.
struct SshLogins {
  SshSettings usual;                       ///< without node and host
  std::map<std::string, HostLogin> hosts;  ///< by SshTarget::node; paths expanded
  /// Path of the key that the cluster's key pair was made with, in place of the usual ones; ""
  /// while there is none. May be empty. Asked for each new connection.
  std::function<std::string()> made_key;
  /// Path of the one key to use whatever else is said; "" for none.
  std::string only_key{};
};

/// Whether this is a cluster's head: an autoscaler beside it is started with the cluster's own key,
/// $RAYCTL_SSH_KEY, and reaches machines directly by their inner addresses.
bool on_head(const Io& io);

/// What the YAML and the environment say: user, keys (those of ~/.ssh and the agent's where none is
/// named), port, proxy command, time limits. On a head, where the YAML's keys are not, the
/// cluster's own is used in place of all (cli/autoscale/worker_key.h), and no proxy command.
SshLogins ssh_logins(const Config& config, const Io& io);

/// One connection per machine, made when it is first needed and kept. Thread-safe.
class SshPool {
 public:
  /// `head` gives the machine that others are reached through; asked when it is needed.
  SshPool(SshLogins logins, std::shared_ptr<HostKeys> keys,
          std::function<Result<SshTarget>()> head);

  Result<std::shared_ptr<SshConnection>> connection(const SshTarget& target);
  /// The key that is pinned for a machine.
  std::optional<HostKey> pinned(const SshTarget& target) const;

 private:
  SshSettings settings_of(const SshTarget& target) const;

  const SshLogins logins_;
  const std::shared_ptr<HostKeys> keys_;
  const std::function<Result<SshTarget>()> head_;
  std::mutex mutex_;
  std::map<std::string, std::pair<SshTarget, std::shared_ptr<SshConnection>>> connections_;
};

}  // namespace rayctl
