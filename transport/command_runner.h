#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// A program and its arguments, never a shell line; a shell script is argv {"sh","-c",script}
/// with untrusted text only in further arguments or in the environment.
struct Command {
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;  ///< added to the node's own
  std::string input;                       ///< standard input; where secrets belong
  /// It needs nothing of the user's start-up files: where others get a login shell, it gets none
  /// (one of bash costs from 10 ms to a second, as the user's ~/.bashrc is).
  bool plain = false;
  bool operator==(const Command&) const = default;
};

struct CommandOutput {
  int exit_code = 0;  ///< 128 + signal if it was killed by one
  std::string out, err;
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
};

}  // namespace rayctl
