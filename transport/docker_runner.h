#pragma once
#include <memory>
#include <string>

#include "transport/command_runner.h"

namespace rayctl {

/// A container on a machine, and how commands run in it.
struct ContainerPlace {
  std::string program = "docker";  ///< or "podman"
  std::string name;
  bool login_shell = true;  ///< as Ray runs commands; false: plain sh
};

/// Runs commands inside a container by way of the machine's runner (`PROGRAM exec -i`), with the
/// home folder, user and environment that the container has. Environment, input and long arguments
/// travel on standard input, so that nobody on the machine reads them in a list of processes. A
/// passed deadline kills the command inside. kContainerFailed (kTransient) if the container is not
/// there or does not run. Needs sh in the image, bash for a login shell. Thread-safe if the
/// machine's runner is.
class DockerRunner final : public CommandRunner {
 public:
  DockerRunner(std::unique_ptr<CommandRunner> machine, ContainerPlace place);

  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink = {}) override;
  /// By way of a file in the machine's ~/.rayctl/exchange/.
  Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                  Time deadline) override;
  Result<> download(const std::string& from, const std::filesystem::path& to,
                    Time deadline) override;
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override;

 private:
  std::vector<std::string> exec(std::vector<std::string> argv) const;
  Result<CommandOutput> on_machine(const Command& command, const std::string& doing,
                                   Time deadline) const;

  const std::unique_ptr<CommandRunner> machine_;
  const ContainerPlace place_;
};

}  // namespace rayctl
