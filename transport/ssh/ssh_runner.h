#pragma once
#include <memory>
#include <string>

#include "transport/command_runner.h"
#include "transport/ssh/ssh_connection.h"

namespace rayctl {

/// Runs programs on a node over SSH. Needs nothing there but a POSIX sh, dd, cat, wc and mv, and
/// bash for login shells. A command ends when its program does: what it left in the background is
/// not waited for. A passed deadline kills the command's process group (with servers that know
/// signals, as sshd does since 8.2). Standard input, environment and files never show in a list of
/// processes. Thread-safe; several runners may share a connection.
class SshRunner final : public CommandRunner {
 public:
  /// `keep`: bytes of each output stream that run() returns: the last ones.
  explicit SshRunner(std::shared_ptr<SshConnection> connection, std::size_t keep = 4U << 20);

  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink = {}) override;
  Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                  Time deadline) override;
  Result<> download(const std::string& from, const std::filesystem::path& to,
                    Time deadline) override;
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override;

 private:
  Result<CommandOutput> run_request(ExecRequest request, const std::string& name, Time deadline,
                                    const OutputSink& sink, std::size_t keep) const;
  Result<> send_file(std::string_view bytes, std::shared_ptr<ByteSource> stream, std::uint64_t size,
                     const std::string& to, unsigned mode, Time deadline) const;

  const std::shared_ptr<SshConnection> connection_;
  const std::size_t keep_;
};

}  // namespace rayctl
