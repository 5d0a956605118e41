#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace rayctl {

/// Takes the command's own part out of an output that comes in pieces: what stands between the
/// lines "MARK PID" and "MARK CODE". What the login shell of the node prints before it is dropped;
/// what cannot be part of a mark is passed on at once.
class OutputEnd {
 public:
  explicit OutputEnd(std::string mark) : mark_(std::move(mark)) {}
  /// What of the output so far, with this piece, belongs to the command and was not returned yet.
  std::string add(std::string_view piece);
  /// The output ended without its second mark: what was held back, the end of all of it if there
  /// was not even a first one.
  std::string rest() { return std::move(held_); }
  /// The number beside the first mark once that has been seen.
  std::optional<int> pid() const { return pid_; }
  /// The code beside the second mark once that has been seen.
  std::optional<int> code() const { return code_; }

 private:
  /// Up to the next mark, whose word goes to `word`; empty `word`: it has not come yet.
  std::string up_to_mark(std::string& word);

  std::string mark_, held_;
  std::optional<int> pid_, code_;
};

}  // namespace rayctl
