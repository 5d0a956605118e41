// The provider's contract over SSH: homes on the lab's hosts stand for as many hosts as it needs.
#include "providers/hosts/hosts_provider.h"

#include <atomic>

#include "tests/contract/provider_contract.h"
#include "tests/hosts/private_network.h"

namespace rayctl {
namespace {

/// Runs commands in another home on the same machine.
class ElsewhereRunner final : public CommandRunner {
 public:
  ElsewhereRunner(std::shared_ptr<SshConnection> connection, std::string home)
      : runner_(std::move(connection)), home_(std::move(home)) {}
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink) override {
    Command elsewhere = command;
    elsewhere.env["HOME"] = home_;
    return runner_.run(elsewhere, deadline, sink);
  }
  Result<> upload(const std::filesystem::path&, const std::string&, unsigned, Time) override {
    return Error{};
  }
  Result<> download(const std::string&, const std::filesystem::path&, Time) override {
    return Error{};
  }
  Result<> put(std::string_view, const std::string&, unsigned, Time) override { return Error{}; }

 private:
  SshRunner runner_;
  std::string home_;
};

ProviderUnderTest over_ssh() {
  clear_hosts();
  static std::atomic<int> place = 0;
  const std::string root = "/home/ubuntu/place-" + std::to_string(++place) + "/";
  const auto again = [root] {
    const auto keys = std::make_shared<MemoryHostKeys>();
    std::vector<std::shared_ptr<SshConnection>> connections;
    for (const char* node : {"n1", "n2", "n3"})
      connections.push_back(std::make_shared<SshConnection>(lab::settings(node), keys));
    hosts::HostsSettings settings;
    settings.head = "h0";
    for (int i = 1; i <= 20; ++i)
      settings.workers.push_back("h" + std::to_string(i));
    settings.runner = [connections,
                       root](const std::string& host) -> Result<std::unique_ptr<CommandRunner>> {
      const auto number = static_cast<std::size_t>(std::stoi(host.substr(1)));
      return std::unique_ptr<CommandRunner>(
          std::make_unique<ElsewhereRunner>(connections[number % 3], root + host));
    };
    return std::make_unique<hosts::HostsProvider>(settings);
  };
  return {again(), again, nullptr};
}

INSTANTIATE_TEST_SUITE_P(HostsOverSsh, ProviderContract,
                         testing::Values(ProviderFactory(over_ssh)));

}  // namespace
}  // namespace rayctl
