#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "transport/command_runner.h"
#include "transport/ssh/exec_stream.h"

namespace rayctl {

/// Runs programs on a node by way of something that runs a shell line there and carries its three
/// streams: a channel of SSH, an exec of Kubernetes. Needs nothing there but a POSIX sh, dd, cat,
/// wc and mv, and bash for login shells. Standard input, environment and files never show in a list
/// of processes. Thread-safe if `exec` is.
class ExecRunner : public CommandRunner {
 public:
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink = {}) override;
  Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                  Time deadline) override;
  Result<> download(const std::string& from, const std::filesystem::path& to,
                    Time deadline) override;
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override;

 protected:
  /// `where`: the node, for messages; `keep`: bytes of each output stream that run() returns: the
  /// last ones.
  ExecRunner(std::string where, bool login_shell, std::size_t keep);

 private:
  /// Runs request.line with its input; what it prints between its marks goes to `sink` on this
  /// thread. The program's exit code, or why that is not known, as CommandRunner::run says.
  virtual Result<int> exec(ExecRequest request, Time deadline, const OutputSink& sink) = 0;

  Result<CommandOutput> run_request(ExecRequest request, const std::string& name, Time deadline,
                                    const OutputSink& sink, std::size_t keep);
  Result<> send_file(std::string_view bytes, std::shared_ptr<ByteSource> stream, std::uint64_t size,
                     const std::string& to, unsigned mode, Time deadline);

  const std::string where_;
  const bool login_shell_;
  const std::size_t keep_;
};

}  // namespace rayctl
