#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cli/access/private_hosts.h"
#include "cli/io.h"
#include "tests/support/state_store_fake.h"
#include "tests/transport_ssh/lab.h"

namespace rayctl {

/// A cluster of the lab's hosts as rayctl makes it from a file: the provider and the access to its
/// machines, with a store of its own.
class PrivateNetwork {
 public:
  /// Opens the hosts to the lab's usual key. "10.77.0.11" is n1.
  explicit PrivateNetwork(const std::string& head = "n1",
                          const std::vector<std::string>& workers = {"n2", "n3"});

  /// Made of what `config` says when it is first asked for.
  ProviderParts& parts();
  /// Another run of the program: new connections, the same store.
  void again() { parts_.reset(); }
  Result<std::vector<CloudNode>> create(bool head, int count, const std::string& token);
  Result<std::vector<CloudNode>> list();
  /// The machine as the list shows it; an empty one if it is not there.
  CloudNode machine(const std::string& address);
  /// What a shell line prints on the node, in the user's shell.
  std::string output(const std::string& address, const std::string& line);

  Config config;
  std::shared_ptr<StateStoreFake::Memory> memory = std::make_shared<StateStoreFake::Memory>();
  std::string why_fewer;

 private:
  SystemClock clock_;
  StateStoreFake store_{memory};
  Io io_;
  std::unique_ptr<ProviderParts> parts_;
};

/// Ends what the tests before left on the lab's hosts, and opens them.
void clear_hosts();

}  // namespace rayctl
