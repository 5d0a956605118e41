#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/verb.h"

namespace rayctl {

/// A help text as it stands in commands/<verb>.md, put into the program when it is built. The one
/// source of --help, the man page and the manual.
struct HelpText {
  std::string_view name;  ///< "plan", "state-list"; "rayctl" is the overview, "common" shared flags
  std::string_view text;
};
std::span<const HelpText> help_texts();

/// The text of a verb (or "rayctl", "common"), ready to read: its own flags and those of common.md
/// that it takes are described. Empty if there is none.
std::string help_markdown(std::string_view verb);
/// For --help: the Markdown without its marks.
std::string help_plain(std::string_view markdown);
/// What the title line says after the dash.
std::string help_summary(std::string_view verb);
/// The description of every flag that a text lists, by flag name ("--json").
std::map<std::string, std::string> help_flags(std::string_view markdown);

}  // namespace rayctl
