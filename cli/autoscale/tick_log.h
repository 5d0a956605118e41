#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "autoscaler/tick.h"
#include "base/result.h"

namespace rayctl {

/// How much of the journal is kept: the oldest file goes when there would be more.
struct TickLogSize {
  std::size_t file = 8U << 20;  ///< bytes, about
  std::size_t files = 8;
};

/// The journal of an autoscaler: FOLDER/ticks-<number of its first tick>.ndjson, a tick a line,
/// written as what differs from the tick before where that is shorter (docs/formats/
/// autoscaler_tick.md). Each line is one write at the end of a file, so a kill leaves at most a
/// line that is cut off, which readers pass over. One writer at a time; not thread-safe.
class TickLog {
 public:
  /// Makes the folder (0700, files 0600) and goes on after what is there.
  static Result<TickLog> open(const std::filesystem::path& folder, TickLogSize size = {});

  /// The number for the next tick: one above the highest that was ever written.
  std::int64_t next_number() const { return last_ + 1; }
  /// After kIo the log goes on with the next tick.
  Result<> append(const Tick& tick);

 private:
  TickLog(std::filesystem::path folder, TickLogSize size)
      : folder_(std::move(folder)), size_(size) {}
  Result<> write(std::string line);
  void begin_file(std::int64_t number);

  std::filesystem::path folder_;
  TickLogSize size_;
  std::filesystem::path file_;  ///< "" before the first
  bool torn_ = false;           ///< its last line is cut off
  std::int64_t last_ = 0;
  Json before_;                 ///< the last tick, null if the next one is to be written whole
  std::size_t whole_size_ = 0;  ///< bytes of the last one that was written whole
};

/// Reads the journal in a folder, or one file of it: calls `each` with the last ticks (all, by
/// default), the oldest first. The value is the number of lines that could not be read; ticks that
/// rest on such a line are not read either. kStateMissing: there is no journal; kStateTooNew.
Result<std::size_t> read_ticks(const std::filesystem::path& path,
                               const std::function<void(const Tick&)>& each,
                               std::size_t last = std::numeric_limits<std::size_t>::max());

}  // namespace rayctl
