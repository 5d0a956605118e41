#include "transport/ssh/ssh_runner.h"

#include <utility>

namespace rayctl {

SshRunner::SshRunner(std::shared_ptr<SshConnection> connection, std::size_t keep)
    : ExecRunner(address_of(connection->settings()), connection->settings().login_shell, keep),
      connection_(std::move(connection)) {}

Result<int> SshRunner::exec(ExecRequest request, Time deadline, const OutputSink& sink) {
  const Result<ExecStream::End> end = connection_->exec(std::move(request), deadline, sink);
  if (!end) return end.error();
  return end->exit_code;
}

}  // namespace rayctl
