#include "providers/shell_words.h"

namespace rayctl {
namespace {

constexpr char kNone = '\0';

/// Whether a backslash before `next` is one of the shell's here, inside `quote`.
bool escapes(char quote, char next) {
  if (quote == kNone) return true;
  return quote == '"' && (next == '"' || next == '\\' || next == '$' || next == '`');
}

}  // namespace

Result<std::vector<std::string>> shell_words(const std::string& text) {
  std::vector<std::string> words;
  bool inside = false;  // of a word
  char quote = kNone;
  const auto add = [&](char c) {
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += c;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && escapes(quote, text[i + 1])) {
      add(text[++i]);
    } else if (quote != kNone) {
      if (c == quote) {
        quote = kNone;
      } else {
        add(c);
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      if (!inside) words.emplace_back();
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      inside = false;
    } else {
      add(c);
    }
  }
  if (quote != kNone) return permanent(ErrorCode::kCredentials, "a quote is not closed");
  return words;
}

}  // namespace rayctl
