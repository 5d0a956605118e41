#include "cli/access/python_class.h"

#include <array>
#include <filesystem>
#include <ostream>
#include <utility>

#include "base/digest.h"
#include "cli/access/class_access.h"
#include "cli/access/cloud_machines.h"
#include "cli/access/ssh_access.h"
#include "cli/access/state_tags.h"
#include "cli/environment.h"
#include "cli/secrets.h"
#include "config/bootstrap.h"
#include "config/secrets.h"
#include "model/json_text.h"
#include "providers/python/python_provider.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

// The pins that hold what the class's bootstrap_config added (docs/formats/state.md).
constexpr char kAuthPin[] = "python-auth", kProviderPin[] = "python-provider";
constexpr char kPython[] = "python";

Result<> reveal(Json& value, const Io& io) {
  if (value.is_structured()) {
    for (Json& each : value) {
      if (Result<> done = reveal(each, io); !done) return done;
    }
    return {};
  }
  if (!value.is_string() || !value.get_ref<const std::string&>().starts_with("secret://")) {
    return {};
  }
  Result<std::string> secret = resolve_secret(io, value.get<std::string>());
  if (!secret) return secret.error();
  value = *std::move(secret);
  return {};
}

/// The provider's section as the class gets it.
Json provider_section(const Config& config) {
  Json provider = config.provider_settings;
  provider.erase(kPython);
  provider["type"] = config.provider.text;
  return provider;
}

/// The whole file as Ray's launcher hands it to a class: complete, with values in the clear.
Json cluster_config(const Config& config) {
  Json all = Json::parse(bootstrap_config(config, ""));
  all["provider"] = provider_section(config);
  all["auth"] = config.auth;
  all["docker"] = config.docker;
  for (const NodeTypeConfig& type : config.node_types)
    all["available_node_types"][type.name.text]["node_config"] = type.node_config;
  for (const FileMountConfig& mount : config.file_mounts)
    all["file_mounts"][mount.remote] = mount.local;
  return all;
}

/// What of the additions to a section may stand in a state: short texts, numbers and truth values
/// that are no secrets.
void pin_additions(StateStore& store, const char* kind, const Json& section) {
  if (!section.is_object()) return;
  for (const auto& [key, value] : section.items()) {
    const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    const bool secret =
        value.is_string() && !inline_secret_spans(key, value.get_ref<const std::string&>()).empty();
    if (value.is_structured() || value.is_null() || secret || text.size() > 1024) continue;
    // A pin that cannot be written is written by the next run that completes the config.
    static_cast<void>(store.unpin(kind, key));
    static_cast<void>(store.pin(kind, key, text));
  }
}

Json pinned(StateStore& store, const char* kind) {
  Json section = Json::object();
  const Result<std::map<std::string, std::string>> pins = store.pins(kind);
  if (!pins) return section;
  for (const auto& [key, text] : *pins) {
    Json value = Json::parse(text, nullptr, false);
    if (!value.is_discarded()) section[key] = std::move(value);
  }
  return section;
}

std::vector<std::string> search_paths(const Config& config) {
  std::error_code problem;
  const fs::path folder = fs::absolute(fs::path(config.file), problem).parent_path();
  return problem || config.file.empty() ? std::vector<std::string>()
                                        : std::vector<std::string>{folder.string()};
}

std::string working_folder() {
  std::error_code problem;
  const fs::path folder = fs::current_path(problem);
  return problem ? "/" : folder.string();
}

/// A config for Ray's monitor, completed by the class.
Result<std::string> prepared_for_head(python::Bridge& bridge, const ClusterName& cluster,
                                      const std::string& text, Time deadline) {
  if (const std::optional<python::HostFailure> failure = bridge.bootstrap(cluster, deadline)) {
    return bridge.error(*failure);
  }
  Result<Json> prepared =
      bridge.ask("prepare_head", cluster, {{"config", Json::parse(text)}}, deadline);
  if (!prepared) return prepared.error();
  return prepared->value("config", Json::object())
             .dump(2, ' ', true, Json::error_handler_t::replace) +
         "\n";
}

/// What a class said when it failed, for whoever looks at it.
void tell(std::ostream& err, const python::HostFailure& failure, const std::string& name) {
  std::string text = "From " + name + (failure.method.empty() ? "" : ", " + failure.method) +
                     (failure.node.empty() ? "" : ", node " + failure.node) + ":\n";
  for (const std::string& line : failure.lines)
    text += "  | " + line + "\n";
  err << text;
}

}  // namespace

std::span<const char* const> class_types() {
  static constexpr std::array kTypes = {
      "aliyun",  "azure",    "external", "fake_multinode", "fake_multinode_docker",
      "kuberay", "readonly", "spark",    "vsphere"};
  return kTypes;
}

Result<std::shared_ptr<python::Bridge>> bridge_to_class(
    const Config& config, const Io& io, Clock& clock, std::function<Json()> known,
    std::function<void(const Json&)> keep,
    std::function<void(const python::HostFailure&, const std::string&)> report) {
  Json provider = provider_section(config);
  if (Result<> done = reveal(provider, io); !done) return done.error();
  const std::string python = text_in(config.provider_settings, kPython);
  return std::make_shared<python::Bridge>(
      python::BridgeSettings{.host = {.python = python.empty() ? "python3" : python,
                                      .env = whole_environment(),
                                      .folder = working_folder()},
                             .provider = std::move(provider),
                             .config =
                                 [&config, &io] {
                                   Json all = cluster_config(config);
                                   // What cannot be resolved was reported when the file was read.
                                   static_cast<void>(reveal(all, io));
                                   return all;
                                 },
                             .paths = search_paths(config),
                             .known = std::move(known),
                             .keep = std::move(keep),
                             .report = std::move(report)},
      clock);
}

Result<ProviderParts> make_python_class(const ProviderSetting& setting) {
  const Config& config = setting.config;
  Result<std::shared_ptr<python::Bridge>> bridge = bridge_to_class(
      config, setting.io, setting.clock,
      [&store = setting.store] {
        return Json{{"auth", pinned(store, kAuthPin)}, {"provider", pinned(store, kProviderPin)}};
      },
      [&store = setting.store](const Json& additions) {
        pin_additions(store, kAuthPin, additions.value("auth", Json::object()));
        pin_additions(store, kProviderPin, additions.value("provider", Json::object()));
      },
      [&err = setting.io.err](const python::HostFailure& failure, const std::string& name) {
        tell(err, failure, name);
      });
  if (!bridge) return bridge.error();
  auto provider = std::make_unique<python::PythonProvider>(
      *bridge, std::make_unique<StateTags>(setting.store), random_hex(8), config.node_types,
      setting.clock,
      [&err = setting.io.err](const std::string& text) { err << "Note: " << text << ".\n"; });
  // A key that the class has made, or the one that it takes by default.
  const auto key = [&store = setting.store] {
    return text_in(pinned(store, kAuthPin), "ssh_private_key");
  };
  std::unique_ptr<NodeAccess> ssh =
      cloud_access(setting, *provider, key, [](const std::string&) { return std::string(); });
  auto access = std::make_unique<ClassAccess>(
      *bridge, config.cluster, std::move(ssh), setting.clock,
      number_in_commands(config.head_start_ray_commands, "--port", 6379),
      number_in_commands(config.head_start_ray_commands, "--dashboard-port", 8265));
  return ProviderParts{.provider = std::move(provider),
                       .access = std::move(access),
                       .desk = nullptr,
                       .head_config = [bridge = *bridge, cluster = config.cluster](
                                          const std::string& text, Time deadline) {
                         return prepared_for_head(*bridge, cluster, text, deadline);
                       }};
}

}  // namespace rayctl
