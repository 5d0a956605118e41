#include "config/monitor_flag.h"

#include <string_view>

namespace rayctl {
namespace {

constexpr std::string_view kFlag = "--autoscaling-config";
constexpr std::string_view kBlank = " \t";
constexpr std::string_view kWordEnd = " \t\n;&|()<>";

/// Where the shell word that begins at `at` ends.
std::size_t word_end(const std::string& line, std::size_t at) {
  char quote = 0;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (c == '\\' && quote != '\'') {
      ++at;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (kWordEnd.find(c) != std::string_view::npos) {
      break;
    }
  }
  return at < line.size() ? at : line.size();
}

}  // namespace

std::string without_monitor(const std::string& line) {
  std::string text;
  std::size_t from = 0;
  for (std::size_t at = line.find(kFlag); at != std::string::npos; at = line.find(kFlag, at + 1)) {
    std::size_t end = at + kFlag.size();
    const bool begins = at == 0 || kWordEnd.find(line[at - 1]) != std::string_view::npos;
    if (!begins || end == line.size()) continue;
    if (line[end] == '=') {
      end = word_end(line, end + 1);
    } else if (kBlank.find(line[end]) != std::string_view::npos) {
      end = word_end(line, line.find_first_not_of(kBlank, end));
    } else {
      continue;
    }
    text += line.substr(from, at - from) + "--no-monitor";
    from = at = end;
  }
  return text + line.substr(from);
}

}  // namespace rayctl
