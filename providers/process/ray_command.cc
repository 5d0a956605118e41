#include "providers/process/ray_command.h"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/files.h"
#include "base/text.h"
#include "model/json.h"

namespace rayctl::process {
namespace {

constexpr long long kMemory = 1'000'000'000, kObjectStore = 200'000'000;

// Options that rayctl decides, and by which it finds the node again.
constexpr std::array kOurs = {"head",           "address",         "block",
                              "port",           "node-ip-address", "temp-dir",
                              "dashboard-host", "dashboard-port",  "ray-client-server-port",
                              "no-monitor"};

using Options = std::map<std::string, std::string>;

bool executable(const std::string& path) {
  return ::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path);
}

std::string on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : split(path == nullptr ? "" : path, ':')) {
    const std::filesystem::path program = std::filesystem::path(folder) / name;
    if (!folder.empty() && executable(program)) return program.string();
  }
  return "";
}

Result<> add_resources(const std::map<std::string, double>& resources, Options& options) {
  const std::map<std::string, std::string> whole = {{"CPU", "num-cpus"},
                                                    {"GPU", "num-gpus"},
                                                    {"memory", "memory"},
                                                    {"object_store_memory", "object-store-memory"}};
  Json custom = Json::object();
  for (const auto& [name, amount] : resources) {
    const auto option = whole.find(name);
    if (option == whole.end()) {
      custom[name] = amount;
      continue;
    }
    if (amount < 0 || amount != std::floor(amount) || amount > 9e15) {
      return permanent(ErrorCode::kNotSupported,
                       "the resource " + name + " must be a whole number");
    }
    options[option->second] = std::to_string(static_cast<long long>(amount));
  }
  if (!custom.empty()) options["resources"] = custom.dump();
  return {};
}

}  // namespace

Result<std::vector<std::string>> ray_start_argv(const std::string& ray, const NodeFacts& node,
                                                const NodeFacts* head, const RayStart& start) {
  Options options = {{"block", ""},
                     {"node-ip-address", node.address},
                     {"temp-dir", node.temp_dir},
                     {"disable-usage-stats", ""},
                     {"num-gpus", "0"},
                     {"memory", std::to_string(kMemory)},
                     {"object-store-memory", std::to_string(kObjectStore)},
                     // Nodes share the machine's ports: any free one instead of the fixed default.
                     {"dashboard-agent-listen-port", "0"}};
  if (head == nullptr) {
    options["head"] = "";
    options["no-monitor"] = "";
    options["port"] = std::to_string(node.gcs_port);
    options["include-dashboard"] = "true";
    options["dashboard-host"] = node.address;
    options["dashboard-port"] = std::to_string(node.dashboard_port);
    options["ray-client-server-port"] = std::to_string(node.client_port);
  } else {
    options["address"] = head->address + ":" + std::to_string(head->gcs_port);
    // One is enough on a machine: more would print every line of a task several times.
    options["include-log-monitor"] = "false";
  }
  if (Result<> added = add_resources(start.resources, options); !added) return added.error();
  std::vector<std::string> labels;
  for (const auto& [name, value] : start.labels)
    labels.emplace_back(name).append("=").append(value);
  if (!labels.empty()) options["labels"] = join(labels, ",");
  for (const auto& [name, value] : start.args) {
    for (const char* ours : kOurs) {
      if (name != ours) continue;
      return permanent(ErrorCode::kNotSupported,
                       "ray_start_args may not set " + name + ": rayctl chooses it for each node");
    }
    options[name] = value;
  }
  std::vector<std::string> argv{ray, "start"};
  for (const auto& [name, value] : options) {
    std::string word = "--" + name;
    if (!value.empty()) word += "=" + value;
    argv.push_back(std::move(word));
  }
  return argv;
}

Result<std::string> find_ray(const std::string& configured) {
  std::string wanted = configured;
  const char* variable = std::getenv("RAYCTL_RAY");
  if (wanted.empty() && variable != nullptr) wanted = variable;
  if (wanted.empty()) wanted = "ray";
  wanted = expand_home(wanted, home_directory());
  const bool is_path = wanted.find('/') != std::string::npos;
  const std::string found = is_path ? (executable(wanted) ? wanted : "") : on_path(wanted);
  if (!found.empty()) return std::filesystem::absolute(found).string();
  return permanent(ErrorCode::kStartFailed,
                   (is_path ? "there is no program " + wanted
                            : "there is no program `" + wanted + "` on the PATH") +
                       "; install Ray (pip install 'ray[default]') or set provider.ray or "
                       "RAYCTL_RAY to its `ray`");
}

}  // namespace rayctl::process
