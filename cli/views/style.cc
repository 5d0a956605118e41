#include "cli/views/style.h"

namespace rayctl {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (char c : text)
    count += continues(c) ? 0U : 1U;
  return count;
}

std::string pad(std::string_view text, std::size_t width) {
  std::string padded(text);
  std::size_t have = columns(text);
  if (have < width) padded.append(width - have, ' ');
  return padded;
}

std::string fit(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    if (!continues(text[end]) && count++ == width - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (char c : text) {
    bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    clean += c == '\t' ? ' ' : control ? '?' : c;
  }
  return clean;
}

}  // namespace rayctl
