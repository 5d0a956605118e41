#include "cli/views/diagnostic_view.h"

#include <algorithm>
#include <cstdio>

#include "base/redact.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kWidest = 120;

/// The n-th line (from 1) of a text, without its end.
std::string line_of(const std::string& text, int number) {
  std::size_t begin = 0;
  for (int line = 1; line < number; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string::npos) return {};
    ++begin;
  }
  std::size_t end = std::min(text.find('\n', begin), text.size());
  if (end > begin && text[end - 1] == '\r') --end;
  return text.substr(begin, end - begin);
}

bool ends_value(char c) {
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '#';
}

/// The line with the values of keys that name secrets, and words that look like one, replaced by as
/// many stars: a diagnostic must not spread what it warns of.
std::string without_secrets(std::string line) {
  for (std::size_t at = 0; at < line.size();) {
    std::size_t begin = line.find_first_not_of(" ,{}[]\t", at);
    if (begin == std::string::npos) break;
    std::size_t end = begin;
    while (end < line.size() && !ends_value(line[end]))
      ++end;
    std::string word = line.substr(begin, end - begin);
    std::size_t colon = word.find_first_of(":=");
    bool named = colon != std::string::npos && names_secret(trim(word.substr(0, colon)));
    bool alone = named && colon + 1 == word.size();
    at = std::max(end, begin + 1);
    std::size_t from = named ? begin + colon + 1 : begin;
    if (alone) {
      from = line.find_first_not_of(' ', end);
      if (from == std::string::npos) break;
      char quote = line[from];
      bool quoted = quote == '"' || quote == '\'';
      end = quoted ? line.find(quote, from + 1) : line.find_first_of(",}]", from);
      end = std::min(end, line.size());
      at = end;
    } else if (!named && !looks_secret(word)) {
      continue;
    }
    if (line.compare(from, 9, "secret://") == 0) continue;
    std::fill(line.begin() + static_cast<long>(from), line.begin() + static_cast<long>(end), '*');
  }
  return line;
}

/// The source line with a caret under the mark; the remedy stands beside the caret.
std::string render_mark(const Diagnostic& each, const std::string& text, const Style& style) {
  const Source& where = *each.where;
  std::string line = without_secrets(line_of(text, where.line));
  auto column = static_cast<std::size_t>(std::max(where.column, 1)) - 1;
  if (column > line.size()) column = line.size();
  std::size_t cut = column > kWidest / 2 ? column - kWidest / 2 : 0;
  std::string shown = printable(line.substr(cut, kWidest));
  std::size_t before = columns(std::string_view(line).substr(cut, column - cut));
  auto length = static_cast<std::size_t>(std::max(where.length, 1));
  length = std::clamp<std::size_t>(length, 1,
                                   std::max<std::size_t>(columns(shown), before + 1) - before);

  std::string number = std::to_string(where.line);
  std::string gutter(std::max<std::size_t>(5, number.size()), ' ');
  std::string marked = pad("", gutter.size() - number.size()) + number + " | " + shown + "\n";
  marked += gutter + " | " + std::string(before, ' ') + style.red(std::string(length, '^'));
  if (!each.remedy.empty()) marked += " " + each.remedy;
  return marked + "\n";
}

}  // namespace

std::string code_text(ErrorCode code) {
  char text[16];
  std::snprintf(text, sizeof text, "RAYCTL-%04d", static_cast<int>(code));
  return text;
}

std::string render_diagnostics(const std::vector<Diagnostic>& diagnostics,
                               const SourceTexts& sources, const Style& style) {
  std::string text;
  for (const Diagnostic& each : diagnostics) {
    bool error = each.severity == Severity::kError;
    if (each.where) {
      text += each.where->file + ":";
      if (each.where->line > 0) {
        text += std::to_string(each.where->line) + ":" + std::to_string(each.where->column) + ":";
      }
      text += " ";
    }
    std::string word = error ? "error" : "warning";
    if (error && each.code != ErrorCode::kConfigInvalid) word += " " + code_text(each.code);
    text += (error ? style.red(word) : style.yellow(word)) + ": " + each.summary + "\n";
    auto source = each.where ? sources.find(each.where->file) : sources.end();
    if (source != sources.end() && each.where->line > 0) {
      text += render_mark(each, source->second, style);
    } else if (!each.remedy.empty()) {
      text += "      " + each.remedy + "\n";
    }
  }
  return text;
}

std::string count_diagnostics(const std::vector<Diagnostic>& diagnostics) {
  auto errors = static_cast<std::size_t>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [](const Diagnostic& each) { return each.severity == Severity::kError; }));
  std::size_t warnings = diagnostics.size() - errors;
  std::string text = errors > 0 ? plural(errors, "error") : "";
  if (warnings > 0) text += (text.empty() ? "" : " and ") + plural(warnings, "warning");
  return text;
}

std::string render_error(const Error& error, const Style& style) {
  std::string text = style.red("error " + code_text(error.code)) + ": " + error.message + "\n";
  for (const std::string& line : error.context)
    text += "  | " + printable(line) + "\n";
  std::string_view remedy = error_code_info(error.code).remedy;
  if (!remedy.empty()) text += "  " + std::string(remedy) + "\n";
  return text;
}

Json to_json(const Diagnostic& each) {
  Json json = {{"severity", each.severity == Severity::kError ? "error" : "warning"},
               {"code", code_text(each.code)},
               {"summary", each.summary},
               {"remedy", each.remedy.empty() ? Json() : Json(each.remedy)},
               {"file", nullptr},
               {"line", nullptr},
               {"column", nullptr},
               {"length", nullptr}};
  if (each.where) {
    json["file"] = each.where->file;
    json["line"] = each.where->line;
    json["column"] = each.where->column;
    json["length"] = each.where->length;
  }
  return json;
}

Json to_json(const std::vector<Diagnostic>& diagnostics) {
  Json list = Json::array();
  for (const Diagnostic& each : diagnostics)
    list.push_back(to_json(each));
  return list;
}

}  // namespace rayctl
