#include "applier/secrets.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::string_view kScheme = "secret://";
constexpr std::string_view kWord =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./~-";

std::size_t reference_length(std::string_view text) {
  const std::size_t end = text.find_first_not_of(kWord, kScheme.size());
  return end == std::string_view::npos ? text.size() : end;
}

void collect(const Json& value, std::set<std::string>& found) {
  if (value.is_string()) {
    for (const std::string& each : secret_references(value.get_ref<const std::string&>())) {
      found.insert(each);
    }
  } else if (value.is_structured()) {
    for (const Json& each : value)
      collect(each, found);
  }
}

std::set<std::string> references_of(const Plan& plan) {
  std::set<std::string> found;
  for (const auto& [type, spec] : plan.specs) {
    collect(spec.launch, found);
    collect(spec.docker, found);
    for (const auto* lines : {&spec.initialization_commands, &spec.setup_commands,
                              &spec.start.commands, &spec.start.command}) {
      for (const std::string& line : *lines)
        collect(line, found);
    }
    for (const auto& [name, value] : spec.start.args)
      collect(value, found);
  }
  return found;
}

// How a shell reads the place a line has come to.
class Quoting {
 public:
  void take(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\' && in_ != '\'') {
      escaped_ = true;
    } else if (in_ != 0) {
      if (c == in_) in_ = 0;
    } else if (c == '\'' || c == '"') {
      in_ = c;
    }
  }
  std::string around(const std::string& variable) const {
    if (in_ == '"') return "${" + variable + "}";
    if (in_ == '\'') return "'\"${" + variable + "}\"'";
    return "\"${" + variable + "}\"";
  }

 private:
  char in_ = 0;
  bool escaped_ = false;
};

}  // namespace

std::vector<std::string> secret_references(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(kScheme); at != std::string_view::npos;) {
    const std::size_t length = reference_length(text.substr(at));
    found.emplace_back(text.substr(at, length));
    at = text.find(kScheme, at + length);
  }
  return found;
}

Result<Secrets> Secrets::resolve(const Plan& plan, World& world) {
  Secrets secrets;
  secrets.auth_token_ = world.auth_token;
  if (plan.destroy) return secrets;
  for (const std::string& reference : references_of(plan)) {
    Result<std::string> value = world.secret(reference);
    if (!value) return in_context(value.error(), "reading " + reference);
    secrets.values_[reference] = *std::move(value);
  }
  return secrets;
}

std::string Secrets::bind(std::string_view line, std::map<std::string, std::string>& env) const {
  std::string bound;
  Quoting quoting;
  for (std::size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    if (rest.starts_with(kScheme)) {
      const std::string reference(rest.substr(0, reference_length(rest)));
      const auto value = values_.find(reference);
      if (value != values_.end()) {
        const std::string variable =
            "RAYCTL_SECRET_" + std::to_string(std::distance(values_.begin(), value));
        env[variable] = value->second;
        bound += quoting.around(variable);
        at += reference.size();
        continue;
      }
    }
    quoting.take(line[at]);
    bound += line[at++];
  }
  return bound;
}

Command Secrets::bind(Command command) const {
  for (auto& [name, value] : command.env)
    value = reveal_text(value);
  const bool secret =
      std::any_of(command.argv.begin(), command.argv.end(),
                  [](const std::string& word) { return word.find(kScheme) != std::string::npos; });
  if (!secret) return command;
  std::string line = "exec";
  for (const std::string& word : command.argv)
    line += " " + shell_quote(word);
  command.argv = {"sh", "-c", bind(line, command.env)};
  return command;
}

std::string Secrets::reveal_text(const std::string& text) const {
  std::string revealed;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.starts_with(kScheme)) {
      const std::string reference(rest.substr(0, reference_length(rest)));
      if (const auto value = values_.find(reference); value != values_.end()) {
        revealed += value->second;
        at += reference.size();
        continue;
      }
    }
    revealed += text[at++];
  }
  return revealed;
}

Json Secrets::reveal(const Json& value) const {
  if (value.is_string()) return reveal_text(value.get_ref<const std::string&>());
  if (!value.is_structured()) return value;
  Json revealed = value;
  for (Json& each : revealed)
    each = reveal(each);
  return revealed;
}

Redactor Secrets::redactor() const {
  Redactor redactor;
  if (!auth_token_.empty()) redactor.add(auth_token_);
  for (const auto& [reference, value] : values_)
    redactor.add(value);
  return redactor;
}

}  // namespace rayctl
