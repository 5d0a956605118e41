#pragma once
#include <string>
#include <string_view>

namespace rayctl {

/// Colour, or none: the text is the same either way.
struct Style {
  bool color = false;

  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string bold(std::string_view text) const { return wrap("1", text); }

 private:
  std::string wrap(const char* code, std::string_view text) const {
    if (!color || text.empty()) return std::string(text);
    return std::string("\033[") + code + "m" + std::string(text) + "\033[0m";
  }
};

/// How many columns a UTF-8 text takes, every character counted as one.
std::size_t columns(std::string_view text);
/// Padded with spaces to `width` columns.
std::string pad(std::string_view text, std::size_t width);
/// At most `width` columns, the end replaced by an ellipsis where it is cut.
std::string fit(std::string_view text, std::size_t width);
/// Control characters replaced, so that output of a node cannot move the cursor or set colours.
std::string printable(std::string_view text);

}  // namespace rayctl
