#pragma once
#include <memory>
#include <string>

#include "providers/python/bridge.h"
#include "transport/command_runner.h"

namespace rayctl::python {

/// Runs programs on a node through the command runner of a class's own (get_command_runner). Those
/// runners take a line and give its output in one piece, so outputs come once the program has
/// ended, and a stream is read whole before it begins. Environment and input travel in files, never
/// in the line. The node needs a POSIX sh, mktemp, tail and base64. Thread-safe.
class BridgeRunner final : public CommandRunner {
 public:
  BridgeRunner(std::shared_ptr<Bridge> bridge, ClusterName cluster, CloudId node);

  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink = {}) override;
  Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                  Time deadline) override;
  Result<> download(const std::string& from, const std::filesystem::path& to,
                    Time deadline) override;
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override;

 private:
  Result<CommandOutput> run_line(const std::string& line, Time deadline);
  /// Copies a file to a path beside `to`, and moves it there.
  Result<> send(const std::filesystem::path& from, const std::string& to, unsigned mode,
                Time deadline);

  const std::shared_ptr<Bridge> bridge_;
  const ClusterName cluster_;
  const CloudId node_;
};

}  // namespace rayctl::python
