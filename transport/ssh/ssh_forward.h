#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "transport/child_process.h"

namespace rayctl {

class SshConnection;

/// A port of this machine's loopback that leads through a node (SshConnection::open_forward). It
/// stays open while the node is away: connections that come in then are closed at once.
class SshForward {
 public:
  static Result<std::unique_ptr<SshForward>> open(SshConnection& connection, std::string host,
                                                  int port, int local_port);
  /// Stops listening; connections that are open stay so.
  ~SshForward();
  SshForward(const SshForward&) = delete;
  SshForward& operator=(const SshForward&) = delete;

  int local_port() const { return local_port_; }

 private:
  /// Sockets that found the connection dead, and how to reach the thread.
  struct Inbox {
    Fd wake;
    std::mutex mutex;
    std::vector<Fd> again;
    bool stop = false;
  };

  SshForward(SshConnection& connection, std::string host, int port, Fd listener, Fd wake);
  void run();
  bool join_again();

  SshConnection& connection_;
  const std::string host_;
  const int port_;
  Fd listener_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  int local_port_ = 0;
  std::thread thread_;
};

}  // namespace rayctl
