#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "transport/command_runner.h"
#include "transport/ssh/output_end.h"
#include "transport/ssh/stream.h"

namespace rayctl {

struct ExecRequest {
  std::string line;                    ///< what the login shell of the node gets
  std::string end;                     ///< the mark around the command's own part of both outputs
  std::string input;                   ///< sent first
  std::shared_ptr<ByteSource> stream;  ///< sent after it, if given
};

/// A command line that runs on a node. Two threads share it: the one that waits for it (wait) and
/// the connection's (the rest).
class ExecStream final : public SshStream {
 public:
  explicit ExecStream(std::shared_ptr<const ExecRequest> request);

  struct End {
    int exit_code = 0;
  };
  /// How to end a command whose deadline has passed.
  struct Hands {
    std::function<void()> wake;           ///< makes the connection's thread look at the stream
    std::function<void(int group)> kill;  ///< kills a process group on the node by other means
  };
  /// Feeds output to `sink`, and reads the request's stream, on this thread until the command ends.
  /// When the deadline passes the command's process group is killed and the error is kUnknown;
  /// kTransient if it was not started.
  Result<End> wait(Time deadline, const OutputSink& sink, const Hands& hands);

  LIBSSH2_CHANNEL* open(SshWire& wire) override;
  Step step(SshWire& wire, LIBSSH2_CHANNEL* channel) override;
  void fail(const Error& error) override;
  bool abandoned() override;
  bool counts() const override { return true; }

 private:
  Step start(SshWire& wire, LIBSSH2_CHANNEL* channel);
  Step send(SshWire& wire, LIBSSH2_CHANNEL* channel);
  Step receive(SshWire& wire, LIBSSH2_CHANNEL* channel);
  Step look_for_end(SshWire& wire, LIBSSH2_CHANNEL* channel);
  enum class Next { kPiece, kLater, kEnd };
  Next next_piece();
  bool hungry() const;
  void feed(std::unique_lock<std::mutex>& lock, const Hands& hands);
  void finish(Result<End> end);

  // Of the connection's thread alone.
  const std::shared_ptr<const ExecRequest> request_;
  OutputEnd out_end_, err_end_;
  std::string piece_;
  std::size_t piece_done_ = 0, input_done_ = 0;
  bool running_ = false, all_sent_ = false, input_broken_ = false, told_to_die_ = false;

  // Of both.
  struct Output {
    std::string bytes;
    bool is_stderr = false;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Output> outputs_;
  std::size_t queued_ = 0;
  std::deque<std::string> fed_;  ///< read from the request's stream and not yet sent
  bool fed_all_ = false;
  bool started_ = false, unwanted_ = false, kill_ = false, given_up_ = false;
  int group_ = 0;  ///< the command's process group, once known
  std::optional<Result<End>> ended_;
};

}  // namespace rayctl
