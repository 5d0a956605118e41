#pragma once
#include <libssh2.h>

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "transport/child_process.h"

namespace rayctl {

/// The machine's clock.
Time ssh_now();

/// A libssh2 session over a socket, with buffers of our own between the two: libssh2 never finds a
/// full socket, so it never stops halfway through a packet and its calls for different channels may
/// follow each other in any order. Not thread-safe: one thread at a time.
class SshWire {
 public:
  /// Takes over a connected, non-blocking stream socket.
  explicit SshWire(Fd socket);
  ~SshWire();
  SshWire(const SshWire&) = delete;
  SshWire& operator=(const SshWire&) = delete;

  LIBSSH2_SESSION* session() const { return session_; }
  int socket() const { return socket_.get(); }

  /// Reads what the socket has; true if there was anything.
  bool fill();
  /// Writes what the socket takes.
  void flush();
  std::size_t unsent() const { return out_.size() - out_done_; }
  /// The other side has hung up, or the socket failed.
  bool ended() const { return ended_; }
  /// When something last came in.
  Time last_received() const { return last_received_; }

  /// Calls `call` until it returns something else than LIBSSH2_ERROR_EAGAIN, moving bytes in
  /// between; LIBSSH2_ERROR_TIMEOUT when the deadline passes.
  int drive(const std::function<int()>& call, Time deadline);
  /// What libssh2 says about the last call that failed.
  std::string last_error() const;

 private:
  // libssh2 talks to the agent through these as well, over the agent's socket.
  static ssize_t send_bytes(libssh2_socket_t socket, const void* bytes, size_t size, int flags,
                            void** self);
  static ssize_t recv_bytes(libssh2_socket_t socket, void* bytes, size_t size, int flags,
                            void** self);

  Fd socket_;
  LIBSSH2_SESSION* session_ = nullptr;
  std::string in_, out_;
  std::size_t in_done_ = 0, out_done_ = 0;  // bytes at the front that have been used
  bool ended_ = false;
  Time last_received_ = ssh_now();
};

}  // namespace rayctl
