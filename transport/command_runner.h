#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// Bytes that come piece by piece, so that none of a large stream has to be in memory at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Puts up to `size` bytes into `buffer` and says how many; 0 is the end. May block. Whoever made
  /// the source knows what went wrong in it: a reader sees only an early end.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
};

/// A program and its arguments, never a shell line; a shell script is argv {"sh","-c",script}
/// with untrusted text only in further arguments or in the environment.
struct Command {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< added to the node's own
  std::string input;                       ///< standard input; where secrets belong
  /// What follows `input`: read on the thread that runs the command, once the program has started,
  /// and as fast as the program takes it. Left unfinished if the program ends first.
  std::shared_ptr<ByteSource> stream = nullptr;
  /// It needs nothing of the user's start-up files: where others get a login shell, it gets none
  /// (one of bash costs from 10 ms to a second, as the user's ~/.bashrc is).
  bool plain = false;
  bool operator==(const Command&) const = default;
};

struct CommandOutput {
  int exit_code = 0;  ///< 128 + signal if it was killed by one
  std::string out, err;
};

/// How shell lines that a config gives run on a node.
enum class ShellKind {
  kBash,   ///< `bash -c`
  kLogin,  ///< as Ray runs them: an interactive login shell of bash with ~/.bashrc
  kPlain,  ///< `sh -c`, for images without bash
};

/// Called with pieces of output as they come, from the calling thread.
using OutputSink = std::function<void(std::string_view piece, bool is_stderr)>;

/// Runs programs on one node, in the node's home folder. A non-zero exit is an output; an Error
/// means that how the command ended cannot be said (kUnknown), or that it was never started
/// (kTransient, kPermanent). Remote paths may start with "~/". May be called concurrently.
class CommandRunner {
 public:
  virtual ~CommandRunner() = default;
  virtual Result<CommandOutput> run(const Command& command, Time deadline,
                                    const OutputSink& sink = {}) = 0;
  /// Copies one file, making its folders; whole or not at all.
  virtual Result<> upload(const std::filesystem::path& from, const std::string& to, unsigned mode,
                          Time deadline) = 0;
  virtual Result<> download(const std::string& from, const std::filesystem::path& to,
                            Time deadline) = 0;
  /// Writes bytes to a file on the node; never through argv.
  virtual Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
                       Time deadline) = 0;
  /// Whether the runner lets files be written at `to`, without looking at the node: kNotSupported
  /// for a path outside of what a node may touch.
  virtual Result<> may_write(const std::string& to) const {
    (void)to;
    return {};
  }
};

}  // namespace rayctl
