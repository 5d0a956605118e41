#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "transport/ssh/exec_stream.h"
#include "transport/ssh/host_keys.h"
#include "transport/ssh/settings.h"

namespace rayctl {

class SessionLoop;
class SshForward;

/// One SSH connection to one node, made when it is first needed and made again after it was lost.
/// Any number of threads may use it at once, each with channels of its own. A node that allows
/// fewer sessions than are asked for (sshd: MaxSessions) gets them one after the other. Errors:
/// kConnectionLost, kTransient, if the node was not reached; kCredentials or kHostKeyChanged,
/// kPermanent, if we are not let in, or should not go in.
class SshConnection {
 public:
  SshConnection(SshSettings settings, std::shared_ptr<HostKeys> host_keys);
  /// Ends what still runs over it: as if the connection were lost.
  ~SshConnection();
  SshConnection(const SshConnection&) = delete;
  SshConnection& operator=(const SshConnection&) = delete;

  const SshSettings& settings() const { return settings_; }

  /// Connects unless it is connected.
  Result<> connect(Time deadline);
  /// Runs a command line in the user's shell on the node. An error is kUnknown from the moment on
  /// that the line was sent; before, a connection that proves dead is made again once.
  Result<ExecStream::End> exec(ExecRequest request, Time deadline, const OutputSink& sink);
  /// A non-blocking socket to an address that the node can reach.
  Result<Fd> open_stream(const std::string& host, int port, Time deadline);
  /// Joins an open local socket to such an address, later, without a report: the socket is closed
  /// if that fails, or given to `lost`, on any thread, if the connection to the node proves dead.
  /// Waits only if the connection has to be made.
  void join(Fd socket, const std::string& host, int port, Time deadline,
            const std::function<void(Fd)>& lost);
  /// Listens on 127.0.0.1:`local_port` (0: a free one) and leads each connection to an address that
  /// the node can reach, until the forward is destroyed; kPermanent if the port is taken. The
  /// connection must outlive it.
  Result<std::unique_ptr<SshForward>> open_forward(const std::string& host, int port,
                                                   int local_port = 0);

 private:
  Result<std::shared_ptr<SessionLoop>> ensure(Time deadline);
  Result<std::shared_ptr<SessionLoop>> make(Time deadline);

  const SshSettings settings_;
  const std::shared_ptr<HostKeys> host_keys_;
  std::timed_mutex connecting_;  ///< held while a connection is being made
  std::mutex mutex_;
  std::shared_ptr<SessionLoop> loop_;
};

}  // namespace rayctl
