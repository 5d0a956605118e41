#pragma once
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>

namespace rayctl {

/// Writes an output that comes in pieces as whole lines, each with a name before it, so that the
/// outputs of several nodes can share a stream. What has no line end yet is written at the latest
/// when the object is destroyed. `sharing` is held while a line is written.
class PrefixedLines {
 public:
  PrefixedLines(std::ostream& stream, std::mutex& sharing, const std::string& name,
                std::size_t width);
  ~PrefixedLines();
  PrefixedLines(const PrefixedLines&) = delete;
  PrefixedLines& operator=(const PrefixedLines&) = delete;

  void add(std::string_view piece);

 private:
  std::ostream& stream_;
  std::mutex& sharing_;
  std::string prefix_, line_;
};

}  // namespace rayctl
