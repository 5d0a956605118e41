#include "providers/hosts/host_tags.h"

#include "base/text.h"

namespace rayctl::hosts {
namespace {

std::string written(std::string_view text, bool key) {
  std::string line;
  for (const char c : text) {
    if (c == '\\') {
      line += "\\\\";
    } else if (c == '\n') {
      line += "\\n";
    } else if (c == '=' && key) {
      line += "\\e";
    } else {
      line += c;
    }
  }
  return line;
}

std::string read(std::string_view line) {
  std::string text;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '\\' || at + 1 == line.size()) {
      text += line[at];
      continue;
    }
    const char escaped = line[++at];
    text += escaped == 'n' ? '\n' : escaped == 'e' ? '=' : escaped;
  }
  return text;
}

}  // namespace

std::string format_tags(const Tags& tags) {
  std::string text;
  for (const auto& [key, value] : tags)
    text += written(key, true) + "=" + written(value, false) + "\n";
  return text;
}

Tags parse_tags(std::string_view text) {
  Tags tags;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t sign = line.find('=');
    if (sign == std::string::npos) continue;
    tags[read(std::string_view(line).substr(0, sign))] =
        read(std::string_view(line).substr(sign + 1));
  }
  return tags;
}

}  // namespace rayctl::hosts
