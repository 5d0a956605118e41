#include "providers/process/environment.h"

#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "base/files.h"

namespace rayctl::process {

Environment inherited_environment() {
  Environment environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    if (text.starts_with("RAY_") || text.starts_with("RAYCTL_")) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

Environment node_environment(const NodeFolder& folder, const NodeFacts& facts,
                             const std::string& ray) {
  Environment environment = inherited_environment();
  environment[kMarker] = folder.path().string();
  // Python and pip of Ray's own environment come first.
  if (!ray.empty()) {
    environment["PATH"] =
        std::filesystem::path(ray).parent_path().string() + ":" + environment["PATH"];
  }
  // HOME is the node's; a Ray that `pip install --user` put into the real one stays importable.
  environment.emplace("PYTHONUSERBASE", home_directory() + "/.local");
  // Ray's workers rename themselves; the marker must stay readable in /proc/PID/environ.
  environment["SPT_NOENV"] = "1";
  if (facts.gcs_port != 0) {
    environment["RAY_ADDRESS"] = facts.address + ":" + std::to_string(facts.gcs_port);
    environment["RAY_API_SERVER_ADDRESS"] =
        "http://" + facts.address + ":" + std::to_string(facts.dashboard_port);
  }
  for (const auto& [key, value] : facts.env)
    environment[key] = value;
  return environment;
}

}  // namespace rayctl::process
