#include "transport/ssh/output_end.h"

#include <algorithm>
#include <charconv>

namespace rayctl {

namespace {

int number(const std::string& word) {
  int value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

}  // namespace

std::string OutputEnd::up_to_mark(std::string& word) {
  const std::size_t at = held_.find(mark_);
  std::size_t keep = 0;
  if (at == std::string::npos) {
    // The longest end of the text that the mark may begin with stays here.
    keep = std::min(held_.size(), mark_.size() - 1);
    while (keep > 0 && held_.compare(held_.size() - keep, keep, mark_, 0, keep) != 0)
      --keep;
  } else {
    keep = held_.size() - at;
  }
  std::string passed = held_.substr(0, held_.size() - keep);
  const std::size_t line_end = at == std::string::npos ? at : held_.find('\n', at);
  if (line_end == std::string::npos) {
    held_.erase(0, passed.size());
  } else {
    const std::size_t from = std::min(at + mark_.size() + 1, line_end);
    word = held_.substr(from, line_end - from);
    held_.erase(0, line_end + 1);
  }
  return passed;
}

std::string OutputEnd::add(std::string_view piece) {
  if (code_) return "";
  held_ += piece;
  std::string word;
  if (!pid_) {
    constexpr std::size_t kMostNoise = 1U << 16;
    const std::string noise = up_to_mark(word);
    if (word.empty()) {
      held_.insert(0, noise);
      if (held_.size() > kMostNoise) held_.erase(0, held_.size() - kMostNoise);
      return "";
    }
    pid_ = number(word);
    word.clear();
  }
  std::string passed = up_to_mark(word);
  if (!word.empty()) {
    code_ = number(word);
    held_.clear();
  }
  return passed;
}

}  // namespace rayctl
