#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "transport/child_process.h"
#include "transport/ssh/stream.h"

namespace rayctl {

/// A connection from the node to some address, joined to a local socket.
class TunnelStream final : public SshStream {
 public:
  /// `socket` is non-blocking. It is given back to `lost` (on the connection's thread) if the
  /// connection to the node proves dead before the stream is open.
  TunnelStream(Fd socket, std::string host, int port, std::function<void(Fd)> lost = {});

  /// Until it is open. kTransient if the node cannot reach the address, or the deadline passes.
  Result<> wait_open(Time deadline);

  LIBSSH2_CHANNEL* open(SshWire& wire) override;
  void opened() override;
  Step step(SshWire& wire, LIBSSH2_CHANNEL* channel) override;
  void fail(const Error& error) override;
  void lose(const Error& error) override;
  bool abandoned() override;
  std::optional<pollfd> watch() override;
  bool counts() const override { return false; }

 private:
  Step to_remote(SshWire& wire, LIBSSH2_CHANNEL* channel);
  Step to_local(LIBSSH2_CHANNEL* channel);

  // Of the connection's thread alone.
  Fd socket_;
  const std::string host_;
  const int port_;
  const std::function<void(Fd)> lost_;
  std::string going_, coming_;
  std::size_t going_done_ = 0, coming_done_ = 0;
  bool local_ended_ = false, eof_sent_ = false, remote_ended_ = false, waits_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool unwanted_ = false;
  std::optional<Result<>> opened_;
};

}  // namespace rayctl
