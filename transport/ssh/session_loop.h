#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "transport/ssh/dial.h"
#include "transport/ssh/settings.h"
#include "transport/ssh/stream.h"

namespace rayctl {

/// The life of one logged-in connection: a thread of its own drives all its streams, answers the
/// node and asks it for signs of life. Once lost it stays lost.
class SessionLoop {
 public:
  /// The proxy process, if there is one, is what the wire leads to.
  SessionLoop(std::unique_ptr<SshWire> wire, std::unique_ptr<ProxyProcess> proxy,
              const SshSettings& settings);
  /// Fails what still runs.
  ~SessionLoop();
  SessionLoop(const SessionLoop&) = delete;
  SessionLoop& operator=(const SessionLoop&) = delete;

  /// Thread-safe. A stream added to a lost connection fails at once.
  void add(std::shared_ptr<SshStream> stream);
  void wake() const;
  bool alive() const { return alive_; }

 private:
  struct Channel {
    std::shared_ptr<SshStream> stream;  ///< empty once it is being closed
    LIBSSH2_CHANNEL* channel = nullptr;
    bool counts = false;
  };

  void run();
  void take_new();
  bool turn();
  bool open_next();
  bool step(Channel& channel);
  bool close(Channel& channel);
  void stay_alive();
  void wait();
  void lose(const std::string& why);
  std::size_t counting() const;
  bool refused(const std::string& why);

  const std::unique_ptr<ProxyProcess> proxy_;
  const std::unique_ptr<SshWire> wire_;
  const std::string address_;
  const Millis keepalive_;
  const int misses_;

  std::deque<std::shared_ptr<SshStream>> waiting_;  ///< the first one is being opened
  bool opening_ = false;
  std::vector<Channel> channels_;
  /// The node has refused a session (sshd's MaxSessions): when to ask again, and after what pause
  /// then. It gives a place free some time after its channel has been closed.
  Time ask_again_{}, refused_since_{};
  Millis pause_{0};
  /// A closed channel, kept because only calls on a channel make libssh2 read.
  LIBSSH2_CHANNEL* reader_ = nullptr;
  Time last_asked_;

  std::mutex mutex_;
  std::deque<std::shared_ptr<SshStream>> added_;
  std::atomic<bool> alive_{true}, stop_{false};
  Error lost_;
  Fd wakeup_;
  std::thread thread_;
};

}  // namespace rayctl
