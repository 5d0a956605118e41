#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transport/command_runner.h"

namespace rayctl {

/// What a shared file held when it was looked at.
struct SharedText {
  std::optional<std::string> text;  ///< nullopt: there is no such file
  /// Since its last change, by the clock of the machine where it lies; exact to a second. What one
  /// machine's clock says alone, so that readers whose clocks differ agree.
  Millis age{0};
  bool operator==(const SharedText&) const = default;
};

/// What became of a change.
struct Swapped {
  bool done = false;
  SharedText found;  ///< what stands there instead; only if not done
  bool operator==(const Swapped&) const = default;
};

/// A small file that several programs on several machines change. It holds the old or the new text
/// at any moment, and of two changes that start from the same text one alone is done. Each call is
/// an effect of its own; an Error kUnknown from swap() says that it may be done now or later: look
/// again. May be called concurrently.
class SharedFile {
 public:
  virtual ~SharedFile() = default;
  virtual Result<SharedText> read(Time deadline) = 0;
  /// Puts `wanted` there if what stands there is `expected` (nullopt: nothing does). With
  /// `keep_age` the file counts as no younger than before.
  virtual Result<Swapped> swap(const std::optional<std::string>& expected, std::string_view wanted,
                               Time deadline, bool keep_age = false) = 0;
};

/// The file `path` (may start with "~/") on the machine of `runner`, mode 0600, its folder made at
/// the first change. Beside it lies `path`.lock, on which flock(1) is taken. Needs a POSIX sh with
/// flock, sha256sum, stat and date. The runner must outlive it.
std::unique_ptr<SharedFile> shared_file(CommandRunner& runner, std::string path);

}  // namespace rayctl
