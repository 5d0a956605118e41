#include "transport/delivered.h"

#include <charconv>
#include <cstdint>
#include <string_view>

namespace rayctl {
namespace {

constexpr std::string_view kHeader = "rayctl-mount 1";

std::string_view take(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view word = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return word;
}

template <class Number>
bool read(std::string_view word, Number& value, int base) {
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value, base);
  return error == std::errc{} && stop == end;
}

}  // namespace

std::string format_delivered(const Manifest& manifest) {
  std::string text(kHeader);
  text += '\0';
  for (const ManifestEntry& entry : manifest.entries) {
    char mode[16];
    const auto end = std::to_chars(mode, mode + sizeof mode, entry.mode, 8).ptr;
    text.append(mode, end);
    text += " " + std::to_string(entry.size) + (entry.link ? " l " : " f ") + entry.content + " ";
    text += entry.path;
    text += '\0';
  }
  return text;
}

Manifest parse_delivered(const std::string& text) {
  std::string_view rest = text;
  if (take(rest, '\0') != kHeader) return {};
  Manifest manifest;
  while (!rest.empty()) {
    std::string_view record = take(rest, '\0');
    ManifestEntry entry;
    if (!read(take(record, ' '), entry.mode, 8) || !read(take(record, ' '), entry.size, 10)) {
      return {};
    }
    entry.link = take(record, ' ') == "l";
    entry.content = take(record, ' ');
    entry.path = record;
    manifest.entries.push_back(std::move(entry));
  }
  return manifest;
}

}  // namespace rayctl
