#include "cli/views/prefixed_lines.h"

#include <algorithm>
#include <ostream>

namespace rayctl {

PrefixedLines::PrefixedLines(std::ostream& stream, std::mutex& sharing, const std::string& name,
                             std::size_t width)
    : stream_(stream),
      sharing_(sharing),
      prefix_(name + std::string(width - std::min(width, name.size()), ' ') + " | ") {}

PrefixedLines::~PrefixedLines() {
  if (!line_.empty()) add("\n");
}

void PrefixedLines::add(std::string_view piece) {
  line_ += piece;
  const std::size_t end = line_.rfind('\n');
  if (end == std::string::npos) return;
  std::string text;
  for (std::size_t at = 0; at <= end;) {
    const std::size_t next = line_.find('\n', at) + 1;
    text.append(prefix_).append(line_, at, next - at);
    at = next;
  }
  line_.erase(0, end + 1);
  const std::lock_guard lock(sharing_);
  stream_ << text << std::flush;
}

}  // namespace rayctl
