#include "cli/help.h"

#include <algorithm>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kFlagColumn = 30;

std::string_view raw_text(std::string_view verb) {
  std::string name(verb);
  std::replace(name.begin(), name.end(), ' ', '-');
  for (const HelpText& each : help_texts()) {
    if (each.name == name) return each.text;
  }
  return {};
}

std::string without_marks(std::string_view line) {
  std::string plain;
  for (char c : line) {
    if (c != '`') plain += c;
  }
  return plain;
}

/// The names in "- `-n`, `--cluster-name NAME`: ...".
std::vector<std::string> names_in(std::string_view item) {
  std::vector<std::string> names;
  for (std::size_t at = item.find('`'); at != std::string_view::npos; at = item.find('`', at)) {
    std::size_t end = item.find('`', at + 1);
    if (end == std::string_view::npos) break;
    std::string_view name = item.substr(at + 1, end - at - 1);
    if (name.starts_with("-")) names.emplace_back(name.substr(0, name.find_first_of(" =[")));
    at = end + 1;
    if (item.substr(at, 2) != ", ") break;
  }
  return names;
}

std::size_t end_of_names(std::string_view item) {
  return item.find("`:");
}

/// The flags of common.md that the verb takes, as list items.
std::string common_items(std::string_view verb) {
  std::vector<std::string> taken;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.name != verb) continue;
    std::unique_ptr<Verb> made = entry.make();
    Flags flags;
    made->declare(flags);
    for (const Flags::Info& info : flags.list()) {
      taken.insert(taken.end(), info.names.begin(), info.names.end());
    }
  }
  std::map<std::string, std::string> own = help_flags(raw_text(verb));
  std::string items;
  for (const std::string& line : split(raw_text("common"), '\n')) {
    if (!line.starts_with("- ")) continue;
    std::vector<std::string> names = names_in(line);
    bool takes = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return std::find(taken.begin(), taken.end(), name) != taken.end() && !own.contains(name);
    });
    if (takes) items += line + "\n";
  }
  return items;
}

std::string verb_table() {
  std::string table, group, last;
  for (const VerbEntry& entry : all_verbs()) {
    if (entry.group.empty()) continue;
    std::string name(entry.name.substr(0, entry.name.find(' ')));
    if (name == last) continue;
    last = name;
    if (group != entry.group) table += "\n## " + std::string(entry.group) + "\n\n";
    group = entry.group;
    table += "    " + name + std::string(name.size() < 16 ? 16 - name.size() : 1, ' ') + " " +
             help_summary(name) + "\n";
  }
  return table;
}

/// A list item of a flag in two columns.
std::string flag_lines(std::string_view item) {
  std::size_t colon = end_of_names(item);
  std::string left = "  " + without_marks(item.substr(2, colon - 1));
  std::string right = trim(without_marks(item.substr(colon + 2)));
  std::string text = left;
  text += left.size() + 2 > kFlagColumn ? "\n" + std::string(kFlagColumn, ' ')
                                        : std::string(kFlagColumn - left.size(), ' ');
  std::size_t column = kFlagColumn;
  for (const std::string& word : split(right, ' ')) {
    if (column > kFlagColumn && column + word.size() + 1 > 98) {
      text += "\n" + std::string(kFlagColumn, ' ');
      column = kFlagColumn;
    }
    text += column > kFlagColumn ? " " + word : word;
    column += word.size() + 1;
  }
  return text + "\n";
}

}  // namespace

std::string help_markdown(std::string_view verb) {
  std::string text(raw_text(verb));
  if (text.empty()) return text;
  if (verb == "rayctl") return text + verb_table();
  std::string common = common_items(verb);
  if (common.empty()) return text;
  // After the verb's own flags; where it has none, in a section of their own before the last one.
  std::size_t at = text.find("\n## Flags\n");
  std::size_t next =
      at == std::string::npos ? text.find("\n## Exit status") : text.find("\n## ", at + 1);
  if (at == std::string::npos) common = "\n## Flags\n\n" + common;
  if (next == std::string::npos) return text + common;
  return text.substr(0, next) + common + text.substr(next);
}

std::string help_summary(std::string_view verb) {
  std::string_view text = raw_text(verb);
  std::string_view title = text.substr(0, text.find('\n'));
  std::size_t dash = title.find(" - ");
  return dash == std::string_view::npos ? std::string() : std::string(title.substr(dash + 3));
}

std::map<std::string, std::string> help_flags(std::string_view markdown) {
  std::map<std::string, std::string> flags;
  for (const std::string& line : split(markdown, '\n')) {
    if (!line.starts_with("- `-") || end_of_names(line) == std::string::npos) continue;
    std::string what = trim(without_marks(std::string_view(line).substr(end_of_names(line) + 2)));
    for (const std::string& name : names_in(line))
      flags[name] = what;
  }
  return flags;
}

std::string help_plain(std::string_view markdown) {
  std::string plain;
  for (const std::string& line : split(trim(markdown), '\n')) {
    if (line.starts_with("# ")) {
      plain += without_marks(std::string_view(line).substr(2)) + "\n";
    } else if (line.starts_with("## ")) {
      plain += line.substr(3) + ":\n";
    } else if (line.starts_with("    ")) {
      plain += line.substr(2) + "\n";
    } else if (line.starts_with("- `-") && end_of_names(line) != std::string::npos) {
      plain += flag_lines(line);
    } else {
      plain += without_marks(line) + "\n";
    }
  }
  return plain;
}

}  // namespace rayctl
