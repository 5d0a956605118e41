#include "config/source_text.h"

#include <algorithm>
#include <array>

namespace rayctl {
namespace {

int characters(std::string_view bytes) {
  return static_cast<int>(std::count_if(bytes.begin(), bytes.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

/// The length of the UTF-8 character at `at`; 0 if it is broken.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  auto follows = [&](std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      if ((byte(at + i) & 0xC0U) != 0x80U) return false;
    }
    return true;
  };
  unsigned first = byte(at);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    unsigned second = byte(at + 1);
    bool overlong = first == 0xE0 && second < 0xA0;
    bool surrogate = first == 0xED && second >= 0xA0;
    return follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first < 0xF5) {
    unsigned second = byte(at + 1);
    bool overlong = first == 0xF0 && second < 0x90;
    bool beyond = first == 0xF4 && second >= 0x90;
    return follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

/// What yaml-cpp says, and what a person can make of it.
struct Explanation {
  std::string_view message;  ///< how yaml-cpp's begins
  const char* summary;
  const char* remedy;
};

constexpr std::array kExplanations = {
    Explanation{"illegal tab", "a tab stands where the indentation should be",
                "indent with spaces"},
    Explanation{"end of map not found", "this line fits neither the map above nor its indentation",
                "line it up with the other keys; a key needs `: ` after it"},
    Explanation{"end of map flow not found", "a `{` is never closed",
                "add the `}`, or a comma between the entries"},
    Explanation{"end of sequence not found",
                "this line fits neither the list above nor its indentation",
                "start it with `- ` at the list's column, or line it up with the key that the list "
                "belongs to"},
    Explanation{"end of sequence flow not found", "a `[` is never closed",
                "add the `]`, or a comma between the items"},
    Explanation{"illegal map value", "a second `: ` stands on this line",
                "put the value in quotes"},
    Explanation{"map keys must be alphanumeric", "this cannot be a key", "put the key in quotes"},
    Explanation{"illegal block entry", "a list item cannot begin here",
                "put the `- ` on a line of its own"},
    Explanation{"illegal flow end", "a bracket closes that was never opened",
                "remove it, or put the value in quotes"},
    Explanation{"illegal EOF in scalar", "a quote is never closed", "close it with the same quote"},
    Explanation{"illegal end of scalar", "a quoted text ends in the middle of a line",
                "put all of it between the quotes"},
    Explanation{"illegal document indicator in scalar", "a quote is never closed",
                "close it with the same quote"},
    Explanation{"the referenced anchor is not defined",
                "this alias (*name) names no anchor (&name)",
                "define the anchor above, or put the value in quotes"},
    Explanation{"unknown token", "YAML does not allow this character here",
                "put the value in quotes"},
    Explanation{"unknown escape character", "an unknown escape stands after a backslash",
                "use single quotes, in which a backslash is only a backslash"},
    Explanation{"bad file", "lists and maps are nested more than 100 deep",
                "look for brackets that are never closed"},
};

}  // namespace

SourceText::SourceText(std::string_view text, std::string file)
    : text_(text), file_(std::move(file)) {
  line_starts_.push_back(0);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') line_starts_.push_back(at + 1);
  }
}

std::string_view SourceText::line_text(int line) const {
  if (line < 0 || static_cast<std::size_t>(line) >= line_starts_.size()) return {};
  std::size_t begin = line_starts_[static_cast<std::size_t>(line)];
  std::string_view rest = text_.substr(begin);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::size_t SourceText::value_start(std::string_view text, int byte) const {
  std::size_t at = std::min(static_cast<std::size_t>(std::max(byte, 0)), text.size());
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
    std::size_t space = text.find(' ', at);
    if (space == std::string_view::npos) break;
    std::size_t next = text.find_first_not_of(' ', space);
    if (next == std::string_view::npos || text[next] == '#') break;
    at = next;
  }
  return at;
}

bool SourceText::quote_closes(int line, int byte) const {
  std::size_t at =
      line_starts_[static_cast<std::size_t>(line)] + value_start(line_text(line), byte);
  if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return true;
  const char quote = text_[at];
  for (++at; at < text_.size(); ++at) {
    if (quote == '"' && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == quote) {
      if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != quote) return true;
      ++at;
    }
  }
  return false;
}

Source SourceText::place(int line, int byte, std::string_view value) const {
  std::string_view text = line_text(line);
  std::size_t at = value_start(text, byte);
  std::string_view rest = text.substr(at);
  std::size_t length = 1;
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
    std::size_t close = rest.find(rest[0], 1);
    length = close == std::string_view::npos ? rest.size() : close + 1;
  } else if (!value.empty()) {
    length = rest.starts_with(value) ? value.size() : rest.size();
  }
  int shown = std::max(1, characters(rest.substr(0, length)));
  return {file_, line + 1, static_cast<int>(at) + 1, shown};
}

bool SourceText::check_encoding(Findings& findings) const {
  for (std::size_t at = 0; at < text_.size();) {
    std::size_t length = utf8_length(text_, at);
    char c = text_[at];
    bool control =
        (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
    if (length > 0 && !control) {
      at += length;
      continue;
    }
    auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
    auto line = static_cast<int>(after - line_starts_.begin()) - 1;
    auto byte = static_cast<int>(at - line_starts_[static_cast<std::size_t>(line)]);
    Source where{file_, line + 1, byte + 1, 1};
    if (control) {
      findings.error(where, "a control character stands here", "remove it; is this a text file?");
    } else {
      findings.error(where, "the file is not UTF-8 from here on", "save it as UTF-8");
    }
    return false;
  }
  return true;
}

bool SourceText::check_lines(Findings& findings) const {
  constexpr std::ptrdiff_t kMostCommas = 10'000;
  for (std::size_t line = 0; line < line_starts_.size(); ++line) {
    std::string_view text = line_text(static_cast<int>(line));
    if (std::count(text.begin(), text.end(), ',') <= kMostCommas) continue;
    findings.error({file_, static_cast<int>(line) + 1, 1, 1},
                   "this line has more than 10,000 commas", "break it into several lines");
    return false;
  }
  return true;
}

void SourceText::explain(int line, int byte, const std::string& message, Findings& findings) const {
  Source where = place(line, byte, "");
  std::string_view before = line_text(line).substr(0, static_cast<std::size_t>(std::max(byte, 0)));
  std::size_t indent = std::min(before.find_first_not_of(" \t"), before.size());
  if (before.substr(0, indent).find('\t') != std::string_view::npos) {
    where.column = static_cast<int>(before.find('\t')) + 1;
    findings.error(where, "a tab stands where the indentation should be", "indent with spaces");
    return;
  }
  if (message.starts_with("illegal map value") && before.find(": ") == std::string_view::npos) {
    where.column = static_cast<int>(indent) + 1;
    findings.error(where, "a key cannot begin here",
                   "end the key on the line above with `:`, or close what it opened");
    return;
  }
  if (message.starts_with("end of map not found") && indent < before.size()) {
    findings.error(where, "this cannot follow what stands before it on the line",
                   "put the whole value in quotes");
    return;
  }
  for (const Explanation& each : kExplanations) {
    if (message.starts_with(each.message)) {
      findings.error(where, each.summary, each.remedy);
      return;
    }
  }
  findings.error(where, "this is not YAML: " + message,
                 "check the lines above for a missing quote, bracket or space");
}

}  // namespace rayctl
