#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "providers/kubernetes/api.h"
#include "providers/kubernetes/pod_exec.h"

namespace rayctl::kubernetes {

/// A port of 127.0.0.1 here that leads to a port of a pod. Every connection is a WebSocket of its
/// own (v4.channel.k8s.io of Kubernetes' port-forward). The streams have no half end: once our side
/// has said its last, the pod's may go on as long as it is not silent for 10 seconds.
class PodForward {
 public:
  /// Listens at `local_port` (0: a free one) from now on, and until it is destroyed, which ends its
  /// connections. kIo if the port cannot be had. Whether the pod can be reached shows with the
  /// first connection. `api` and `clock` outlive it; the place's container does not count.
  static Result<std::unique_ptr<PodForward>> open(Api& api, PodPlace place, int port, Clock& clock,
                                                  int local_port = 0);
  ~PodForward();
  PodForward(const PodForward&) = delete;
  PodForward& operator=(const PodForward&) = delete;

  int local_port() const { return local_port_; }
  /// Why the last connection that failed did; "" if none has.
  std::string trouble() const;

 private:
  struct Carried {
    std::atomic<bool> done = false;
    std::thread thread;
  };
  PodForward(Api& api, PodPlace place, int port, Clock& clock);
  void accept_all();
  void carry(int connection);
  void note(const std::string& trouble);

  Api& api_;
  const PodPlace place_;
  const int port_;
  Clock& clock_;
  int listener_ = -1, local_port_ = 0;
  int ending_ = -1;  ///< an eventfd: readable when all must end
  mutable std::mutex mutex_;
  std::string trouble_;
  std::vector<std::unique_ptr<Carried>> carried_;
  std::thread accepting_;
};

}  // namespace rayctl::kubernetes
