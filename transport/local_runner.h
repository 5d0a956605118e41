#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "transport/command_runner.h"

namespace rayctl {

struct LocalRunnerSettings {
  std::string home;                        ///< working folder of commands; what "~" means; exists
  std::map<std::string, std::string> env;  ///< the whole environment of commands; HOME is added
  bool confined = false;                   ///< refuse to write files outside `home`
  std::size_t keep = 4U << 20;             ///< bytes of each output stream returned: the last ones
};

/// Runs programs on this machine. Each is the leader of a process group of its own, which a passed
/// deadline ends with SIGKILL; it inherits no file descriptor. A command ends when its leader does:
/// what it left in the background is not waited for. A program that is not there exits with 127
/// and one that cannot be executed with 126, as in a shell. Thread-safe.
class LocalRunner final : public CommandRunner {
 public:
  explicit LocalRunner(LocalRunnerSettings settings);

  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink = {}) override;
  Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                  Time deadline) override;
  Result<> download(const std::string& from, const std::filesystem::path& to,
                    Time deadline) override;
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override;
  Result<> may_write(const std::string& to) const override;

 private:
  std::string expand(const std::string& path) const;
  std::string scratch() const;
  Result<std::string> writable(const std::string& path) const;

  LocalRunnerSettings settings_;
};

}  // namespace rayctl
