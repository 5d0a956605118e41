#include "applier/container_options.h"

#include <cctype>

namespace rayctl {
namespace {

/// A word of a shell line as it is written, and as the shell reads it (nothing is expanded).
struct Word {
  std::string raw, text;
};

Word next_word(const std::string& line, std::size_t& at) {
  Word word;
  char quote = 0;
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (quote == 0 && std::isspace(static_cast<unsigned char>(c)) != 0) break;
    word.raw += c;
    if (c == '\\' && quote != '\'' && at + 1 < line.size()) {
      word.raw += line[++at];
      word.text += line[at];
    } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
      quote = quote != 0 ? '\0' : c;
    } else {
      word.text += c;
    }
  }
  return word;
}

/// The flag of an environment variable that a word begins with: "--env=", "-e" or "".
std::string flag_of(const std::string& word) {
  if (word.starts_with("--env=")) return "--env=";
  return word.starts_with("-e") ? "-e" : "";
}

}  // namespace

Result<std::string> options_without_secrets(const std::string& options, const Secrets& secrets,
                                            std::map<std::string, std::string>& env) {
  std::string result, before;
  for (std::size_t at = 0; at < options.size();) {
    if (std::isspace(static_cast<unsigned char>(options[at])) != 0) {
      result += options[at++];
      continue;
    }
    Word word = next_word(options, at);
    if (!secret_references(word.text).empty()) {
      const bool apart = before == "-e" || before == "--env";
      const std::string flag = apart ? "" : flag_of(word.text);
      const std::string assignment = word.text.substr(flag.size());
      const std::size_t equals = assignment.find('=');
      const std::string name = assignment.substr(0, equals);
      if ((!apart && flag.empty()) || equals == std::string::npos ||
          !secret_references(name).empty()) {
        return permanent(ErrorCode::kNotSupported,
                         "run_options: a secret can only be the value of a variable, as in `-e "
                         "NAME=secret://...`");
      }
      env[name] = secrets.reveal(Json(assignment.substr(equals + 1))).get<std::string>();
      word.raw = flag + name;
    }
    before = word.raw;
    result += word.raw;
  }
  return result;
}

}  // namespace rayctl
