#include "providers/gcp/surroundings.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/files.h"
#include "base/text.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLargest = 1U << 20;

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// A file's text; "" if it is not there.
Result<std::string> text_of_file(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::string();
  Result<std::string> text = read_file(path, kLargest);
  if (!text) return permanent(ErrorCode::kCredentials, text.error().message);
  return text;
}

std::string setting_of(const std::string& text, const std::string& section,
                       const std::string& name) {
  bool inside = false;
  std::string value;
  for (const std::string& raw : split(text, '\n')) {
    const std::string line = trim(raw);
    if (line.starts_with('[')) {
      inside = line == "[" + section + "]";
      continue;
    }
    const std::size_t separator = line.find('=');
    if (inside && separator != std::string::npos && trim(line.substr(0, separator)) == name) {
      value = trim(line.substr(separator + 1));
    }
  }
  return value;
}

}  // namespace

std::string variable(const Environment& env, const std::string& name) {
  const auto found = env.find(name);
  return found == env.end() ? "" : found->second;
}

std::string gcloud_folder(const Environment& env) {
  const std::string chosen = variable(env, "CLOUDSDK_CONFIG");
  return chosen.empty() ? expand_home("~/.config/gcloud", variable(env, "HOME")) : chosen;
}

std::string well_known_file(const Environment& env) {
  return gcloud_folder(env) + "/application_default_credentials.json";
}

Result<std::string> gcloud_property(const Environment& env, const std::string& section,
                                    const std::string& name) {
  const std::string set = variable(env, "CLOUDSDK_" + upper(section) + "_" + upper(name));
  if (!set.empty()) return set;
  std::string active = variable(env, "CLOUDSDK_ACTIVE_CONFIG_NAME");
  if (active.empty()) {
    const Result<std::string> text = text_of_file(gcloud_folder(env) + "/active_config");
    if (!text) return text.error();
    active = trim(*text);
  }
  if (active.empty()) active = "default";
  const Result<std::string> text =
      text_of_file(gcloud_folder(env) + "/configurations/config_" + active);
  if (!text) return text.error();
  return setting_of(*text, section, name);
}

}  // namespace rayctl::gcp
