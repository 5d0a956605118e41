#include "cli/man_page.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cli/help.h"

namespace rayctl {
namespace {

std::string roff(std::string_view line) {
  std::string text;
  bool code = false;
  for (char c : line) {
    if (c == '`') {
      text += code ? "\\fR" : "\\fB";
      code = !code;
    } else if (c == '\\') {
      text += "\\e";
    } else if (c == '-') {
      text += "\\-";
    } else {
      text += c;
    }
  }
  if (text.starts_with(".") || text.starts_with("'")) text.insert(0, "\\&");
  return text;
}

}  // namespace

std::string man_page(std::string_view verb, std::string_view version) {
  std::string page = verb == "rayctl" ? "rayctl" : "rayctl-" + std::string(verb);
  std::replace(page.begin(), page.end(), ' ', '-');
  std::string upper = page;
  for (char& c : upper)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string text = ".TH " + upper + " 1 \"\" \"rayctl " + std::string(version) + "\"\n";
  text += ".SH NAME\n" + roff(page) + " \\- " + roff(help_summary(verb)) + "\n";
  bool example = false;
  for (const std::string& line : split(trim(help_markdown(verb)), '\n')) {
    if (example && !line.starts_with("    ")) {
      text += ".fi\n.RE\n";
      example = false;
    }
    if (line.starts_with("# ")) continue;
    if (line.starts_with("## ")) {
      std::string heading = line.substr(3);
      for (char& c : heading)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      text += ".SH " + heading + "\n";
    } else if (line.starts_with("    ")) {
      if (!example) text += ".RS 4\n.nf\n";
      example = true;
      text += roff(line.substr(4)) + "\n";
    } else if (line.starts_with("- `-") && line.find("`:") != std::string::npos) {
      std::size_t colon = line.find("`:");
      text += ".TP\n" + roff(line.substr(2, colon - 1)) + "\n" +
              roff(trim(line.substr(colon + 2))) + "\n";
    } else if (line.starts_with("- ")) {
      text += ".IP \\(bu 2\n" + roff(line.substr(2)) + "\n";
    } else if (trim(line).empty()) {
      text += ".PP\n";
    } else {
      text += roff(line) + "\n";
    }
  }
  if (example) text += ".fi\n.RE\n";
  return text;
}

}  // namespace rayctl
