#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.h"
#include "transport/ssh/ssh_connection.h"
#include "transport/ssh/ssh_runner.h"

namespace rayctl {

/// The host lab around this program (fixtures/hostlab).
namespace lab {

std::filesystem::path folder();
/// What a shell line here prints; fails the test if it does not end well.
std::string shell(const std::string& line);
/// A new private key of a kind such as "-t ed25519", encrypted with `passphrase` unless empty.
std::string make_key(const std::string& kind, const std::string& passphrase = "");
/// Lets the key (and no other) into the node.
void authorize(const std::string& node, const std::string& key);
/// The address of "n1", "n2" or "p1".
std::string address(const std::string& node);
/// One key for all tests that are not about keys.
std::string usual_key();
/// Settings that open `node` with the usual key; a plain shell.
SshSettings settings(const std::string& node, const std::string& user = "ubuntu");
/// Sets lines of the node's sshd_config for the logins from now on.
void configure(const std::string& node, const std::string& lines);

}  // namespace lab

inline Time soon(int seconds = 20) {
  return SystemClock().now() + Millis{seconds * 1000};
}
inline Command sh(const std::string& script) {
  return {{"sh", "-c", script}, {}, ""};
}

/// A connection and a runner to one node, with pins of their own.
struct Remote {
  explicit Remote(SshSettings settings)
      : connection(std::make_shared<SshConnection>(std::move(settings), keys)) {}
  std::shared_ptr<MemoryHostKeys> keys = std::make_shared<MemoryHostKeys>();
  std::shared_ptr<SshConnection> connection;
  SshRunner runner{connection};
};

}  // namespace rayctl
