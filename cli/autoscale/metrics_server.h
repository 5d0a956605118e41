#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"

namespace rayctl {

/// Answers GET /metrics on 127.0.0.1 with the text that was published last, for a Prometheus on the
/// same machine (or behind a forward): one short request at a time, everything else is 404.
class MetricsServer {
 public:
  /// Port 0 is a free one. kIo where the port is taken.
  static Result<std::unique_ptr<MetricsServer>> open(int port);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  int port() const { return port_; }
  void publish(std::string text);  ///< any thread

 private:
  MetricsServer(int socket, int port);
  void serve(const std::stop_token& stop);
  void answer(int connection);

  const int socket_;
  const int port_;
  std::mutex mutex_;
  std::string text_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace rayctl
