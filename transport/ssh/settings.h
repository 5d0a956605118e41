#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace rayctl {

class SshConnection;

/// Asked for the passphrase of an encrypted key file, at most once per connection and file; nothing
/// means that the user has none. Called on the thread that connects.
using PassphraseSource = std::function<std::optional<std::string>(const std::string& key_file)>;

/// How to reach one node and as whom. Nothing here is read from the environment: who makes the
/// settings passes SSH_AUTH_SOCK and expands "~".
struct SshSettings {
  std::string node;  ///< the name that its host key is pinned under; empty: "host:port"
  std::string user;
  std::string host;  ///< a name or an address
  int port = 22;
  std::vector<std::string> key_files;  ///< private keys, tried in this order, before the agent's
  std::string agent_socket;            ///< the SSH agent's socket; empty: no agent
  PassphraseSource passphrase;
  /// A command whose standard input and output are the connection, run by /bin/sh. %h, %p and %r
  /// stand for host, port and user, %% for a percent sign.
  std::string proxy_command;
  std::shared_ptr<SshConnection> jump;  ///< go through this node; excludes proxy_command
  Millis connect_timeout{10'000};       ///< for reaching it, agreeing on keys and logging in
  Millis keepalive{15'000};  ///< ask for a sign of life after so much silence; at least 2 s
  int keepalive_misses = 3;  ///< silent intervals after which the connection is lost
  /// Run commands as Ray does, in an interactive login shell of bash; false: in plain sh.
  bool login_shell = true;
};

/// "user@host:port", for messages.
std::string address_of(const SshSettings& settings);

}  // namespace rayctl
