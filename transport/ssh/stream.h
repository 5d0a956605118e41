#pragma once
#include <libssh2.h>
#include <poll.h>

#include <optional>
#include <vector>

#include "base/result.h"
#include "transport/ssh/wire.h"

namespace rayctl {

/// One channel's work, driven by the thread of its connection (session_loop.h). Implementations
/// talk with the threads that wait for them under a lock of their own.
class SshStream {
 public:
  enum class Step {
    kIdle,   ///< nothing could be done now
    kMoved,  ///< something was done: ask again
    kDone,   ///< all is said; the channel can be closed
    kLost,   ///< libssh2 reports that the connection is beyond use
  };

  virtual ~SshStream() = default;
  /// Asks for the channel; repeated until it is there or the error is not EAGAIN.
  virtual LIBSSH2_CHANNEL* open(SshWire& wire) = 0;
  virtual void opened() {}
  /// Moves what can be moved without waiting.
  virtual Step step(SshWire& wire, LIBSSH2_CHANNEL* channel) = 0;
  /// The node refuses the channel.
  virtual void fail(const Error& error) = 0;
  /// The connection is gone, with or without a channel.
  virtual void lose(const Error& error) { fail(error); }
  /// True if nobody wants it any more. Asked before it is opened.
  virtual bool abandoned() = 0;
  /// A descriptor to watch besides the connection, if there is one now.
  virtual std::optional<pollfd> watch() { return std::nullopt; }
  /// Whether the node counts it against its limit of sessions per connection.
  virtual bool counts() const = 0;
};

}  // namespace rayctl
