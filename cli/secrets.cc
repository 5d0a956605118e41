#include "cli/secrets.h"

#include <functional>
#include <set>

#include "applier/secrets.h"
#include "base/files.h"
#include "config/secrets.h"

namespace rayctl {
namespace {

constexpr std::string_view kEnv = "secret://env/";
constexpr std::string_view kFile = "secret://file/";
constexpr std::size_t kLargest = 1U << 20;

using Visit =
    std::function<void(const std::string& path, const std::string& key, const std::string& text)>;

void walk(const Json& value, const std::string& path, const std::string& key, const Visit& visit) {
  if (value.is_string()) {
    visit(path, key, value.get_ref<const std::string&>());
  } else if (value.is_object()) {
    for (const auto& [name, each] : value.items()) {
      walk(each, path.empty() ? name : path + "." + name, name, visit);
    }
  } else if (value.is_array()) {
    for (std::size_t at = 0; at < value.size(); ++at) {
      walk(value[at], path + "." + std::to_string(at), key, visit);
    }
  }
}

void walk(const Config& config, const Visit& visit) {
  walk(config.provider_settings, "provider", "", visit);
  walk(config.auth, "auth", "", visit);
  walk(config.docker, "docker", "", visit);
  auto commands = [&](const std::vector<std::string>& lines, const std::string& path) {
    for (std::size_t at = 0; at < lines.size(); ++at) {
      visit(path + "." + std::to_string(at), "", lines[at]);
    }
  };
  commands(config.initialization_commands, "initialization_commands");
  commands(config.setup_commands, "setup_commands");
  commands(config.head_setup_commands, "head_setup_commands");
  commands(config.worker_setup_commands, "worker_setup_commands");
  commands(config.head_start_ray_commands, "head_start_ray_commands");
  commands(config.worker_start_ray_commands, "worker_start_ray_commands");
  for (const NodeTypeConfig& type : config.node_types) {
    std::string at = "available_node_types." + type.name.text;
    walk(type.node_config, at + ".node_config", "", visit);
    walk(type.docker, at + ".docker", "", visit);
    commands(type.worker_setup_commands, at + ".worker_setup_commands");
  }
}

/// The place of a dotted path, or of the nearest part of it that is known.
std::optional<Source> place_of(const Config& config, std::string path) {
  while (true) {
    auto found = config.where.find(path);
    if (found != config.where.end()) return found->second;
    std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) break;
    path.resize(dot);
  }
  return Source{.file = config.file, .line = 0, .column = 0};
}

}  // namespace

Result<std::string> resolve_secret(const Io& io, const std::string& reference) {
  if (reference.starts_with(kEnv)) {
    std::string name = reference.substr(kEnv.size());
    if (std::optional<std::string> value = io.env(name)) return *value;
    return permanent(ErrorCode::kSecretUnresolved,
                     reference + ": the variable " + name + " is not set");
  }
  if (reference.starts_with(kFile)) {
    std::string path = expand_home(reference.substr(kFile.size()), home_directory());
    if (!path.starts_with("/")) path.insert(0, "/");
    Result<std::string> text = read_file(path, kLargest);
    if (!text) {
      return permanent(ErrorCode::kSecretUnresolved, reference + ": " + text.error().message);
    }
    std::string value = *std::move(text);
    if (value.ends_with("\n")) value.pop_back();
    if (value.ends_with("\r")) value.pop_back();
    return value;
  }
  return permanent(ErrorCode::kSecretUnresolved,
                   reference + ": known are secret://env/NAME and secret://file/PATH");
}

void check_secrets(Session& session, const Config& config) {
  std::set<std::string> seen;
  walk(config, [&](const std::string& path, const std::string&, const std::string& text) {
    for (const std::string& reference : secret_references(text)) {
      if (!seen.insert(reference).second) continue;
      Result<std::string> value = resolve_secret(session.io, reference);
      if (value) {
        session.redactor.add(*value);
      } else {
        session.diagnostics.push_back({.summary = value.error().message,
                                       .where = place_of(config, path),
                                       .code = ErrorCode::kSecretUnresolved});
      }
    }
  });
}

std::set<std::string> secrets_named(const Config& config) {
  std::set<std::string> named;
  walk(config, [&](const std::string&, const std::string&, const std::string& text) {
    for (std::string& reference : secret_references(text))
      named.insert(std::move(reference));
  });
  return named;
}

void hide_inline_secrets(Session& session, const Config& config) {
  for (const auto& [reference, value] : inline_secrets(config, ""))
    session.redactor.add(value);
}

}  // namespace rayctl
