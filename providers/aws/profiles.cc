#include "providers/aws/profiles.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <system_error>

#include "base/files.h"
#include "base/text.h"

namespace rayctl::aws {
namespace {

constexpr std::size_t kLargest = 4U << 20;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string value_of(const Section& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

struct Line {
  std::string name, value;
};

std::optional<Line> parse_line(const std::string& text) {
  const std::size_t separator = text.find_first_of("=:");
  if (separator == std::string::npos || trim(text.substr(0, separator)).empty()) {
    return std::nullopt;
  }
  return Line{lower(trim(text.substr(0, separator))), trim(text.substr(separator + 1))};
}

/// "profile x" and "profile 'x y'" with kind "profile" give x and x y.
std::optional<std::string> named_section(const std::string& title, const std::string& kind) {
  if (!title.starts_with(kind) || title.size() == kind.size()) return std::nullopt;
  const char blank = title[kind.size()];
  if (blank != ' ' && blank != '\t') return std::nullopt;
  std::string name = trim(title.substr(kind.size()));
  const bool quoted =
      name.size() > 1 && name.front() == name.back() && (name[0] == '"' || name[0] == '\'');
  return quoted ? name.substr(1, name.size() - 2) : name;
}

Result<std::map<std::string, Section>> read_ini(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::map<std::string, Section>{};
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return permanent(ErrorCode::kCredentials, text.error().message);
  return parse_ini(*text, path);
}

std::string path_of(const Environment& env, const char* name, const char* otherwise) {
  const std::string chosen = variable(env, name);
  return expand_home(chosen.empty() ? otherwise : chosen, variable(env, "HOME"));
}

}  // namespace

std::string variable(const Environment& env, const std::string& name) {
  return value_of(env, name);
}

bool is_true(const Environment& env, const std::string& name) {
  return lower(variable(env, name)) == "true";
}

std::string setting(const Section& section, const std::string& name) {
  return value_of(section, name);
}

Result<std::map<std::string, Section>> parse_ini(std::string_view text, const std::string& file) {
  std::map<std::string, Section> sections;
  Section* section = nullptr;
  std::string parent;  // the setting that an indented line belongs to
  std::size_t number = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++number;
    const std::string line = trim(raw);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    const bool indented = raw[0] == ' ' || raw[0] == '\t';
    const std::size_t end = line.find(']');
    if (!indented && line[0] == '[' && end != std::string::npos) {
      section = &sections[trim(line.substr(1, end - 1))];
      parent.clear();
      continue;
    }
    const std::optional<Line> parsed = parse_line(line);
    const bool continues = indented && !parent.empty();
    if (section == nullptr || (!parsed && !continues)) {
      return permanent(ErrorCode::kCredentials, file + " cannot be read: line " +
                                                    std::to_string(number) +
                                                    " is neither a section nor a setting");
    }
    if (continues && value_of(*section, parent).empty() && parsed) {
      (*section)[parent + "." + parsed->name] = parsed->value;
    } else if (continues) {
      (*section)[parent] += "\n" + line;
    } else {
      parent = parsed->name;
      (*section)[parent] = parsed->value;
    }
  }
  return sections;
}

bool Profiles::has(const std::string& profile) const {
  return config.contains(profile) || credentials.contains(profile);
}

Section Profiles::merged(const std::string& profile) const {
  Section all;
  if (const auto found = credentials.find(profile); found != credentials.end()) all = found->second;
  if (const auto found = config.find(profile); found != config.end()) {
    all.insert(found->second.begin(), found->second.end());
  }
  return all;
}

Result<Profiles> load_profiles(const Environment& env) {
  Profiles profiles;
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (profiles.named || variable(env, name).empty()) continue;
    profiles.name = variable(env, name);
    profiles.named = true;
  }
  profiles.config_path = path_of(env, "AWS_CONFIG_FILE", "~/.aws/config");
  profiles.credentials_path = path_of(env, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
  const auto config = read_ini(profiles.config_path);
  if (!config) return config.error();
  for (const auto& [title, section] : *config) {
    if (title == "default") {
      // "[profile default]" wins where both are there.
      profiles.config.emplace(title, section);
    } else if (const auto profile = named_section(title, "profile")) {
      profiles.config[*profile] = section;
    } else if (const auto session = named_section(title, "sso-session")) {
      profiles.sso_sessions[*session] = section;
    } else if (const auto services = named_section(title, "services")) {
      profiles.services[*services] = section;
    }
  }
  auto credentials = read_ini(profiles.credentials_path);
  if (!credentials) return credentials.error();
  profiles.credentials = std::move(*credentials);
  return profiles;
}

}  // namespace rayctl::aws
