#pragma once
#include <memory>

#include "transport/exec_runner.h"
#include "transport/ssh/ssh_connection.h"

namespace rayctl {

/// Runs programs on a node over SSH. A command ends when its program does: what it left in the
/// background is not waited for. A passed deadline kills the command's process group (with servers
/// that know signals, as sshd does since 8.2). Thread-safe; several runners may share a connection.
class SshRunner final : public ExecRunner {
 public:
  /// `keep`: bytes of each output stream that run() returns: the last ones.
  explicit SshRunner(std::shared_ptr<SshConnection> connection, std::size_t keep = 4U << 20);

 private:
  Result<int> exec(ExecRequest request, Time deadline, const OutputSink& sink) override;

  const std::shared_ptr<SshConnection> connection_;
};

}  // namespace rayctl
