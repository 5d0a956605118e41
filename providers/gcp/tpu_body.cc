#include "providers/gcp/tpu_body.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "providers/gcp/launch_additions.h"
#include "providers/gcp/pages.h"

namespace rayctl::gcp {
namespace {

// Source: ray/_private/accelerators/tpu.py of Ray 2.60. A chip has two cores, and a host four
// chips, but for those of one core, of which a host may have up to eight.
struct Generation {
  std::string_view name;
  bool single_core;
};
constexpr std::array kGenerations = {Generation{"v2", false},       Generation{"v3", false},
                                     Generation{"v4", false},       Generation{"v5p", false},
                                     Generation{"v5litepod", true}, Generation{"v6e", true},
                                     Generation{"v7x", false}};
constexpr int kChipsOfHost = 4;
constexpr int kMostChipsOfHost = 8;

Error invalid(std::string message) {
  return permanent(ErrorCode::kConfigInvalid, std::move(message));
}

/// A number of up to six digits, 0 for anything else.
int number(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 6 &&
                      std::all_of(text.begin(), text.end(),
                                  [](unsigned char letter) { return std::isdigit(letter) != 0; });
  return digits ? std::stoi(text) : 0;
}

const Generation* generation(const std::string& name) {
  const auto found = std::find_if(kGenerations.begin(), kGenerations.end(),
                                  [&](const Generation& each) { return each.name == name; });
  return found == kGenerations.end() ? nullptr : found;
}

TpuShape shape_of(const Generation& kind, int chips) {
  TpuShape shape{.type = "", .chips = chips, .per_host = kChipsOfHost, .cores = 2};
  if (kind.single_core) {
    shape.cores = 1;
    if (chips <= kMostChipsOfHost) shape.per_host = chips;
  }
  shape.type = std::string(kind.name) + "-" + std::to_string(chips * shape.cores);
  return shape;
}

Result<TpuShape> of_type(const std::string& type) {
  const std::vector<std::string> parts = split(type, '-');
  const Generation* kind = generation(parts.front());
  const int count = parts.size() == 2 ? number(parts.back()) : 0;
  const int cores = kind != nullptr && kind->single_core ? 1 : 2;
  if (kind == nullptr || count == 0 || count % cores != 0) {
    return invalid("node_config.acceleratorType \"" + type +
                   "\" is no type of TPU: write its generation and its cores, as in v4-8 or "
                   "v5litepod-4");
  }
  return shape_of(*kind, count / cores);
}

Result<TpuShape> of_config(const Json& config) {
  const std::string type = text_of(config, "type");
  const std::string topology = text_of(config, "topology");
  std::string name = type;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (name == "v5lite_pod") name = "v5litepod";
  const Generation* kind = generation(name);
  if (kind == nullptr || name == "v2" || name == "v3") {
    return invalid("node_config.acceleratorConfig.type \"" + type +
                   "\" is none that has a topology: write V4, V5LITE_POD, V5P or V6E, or "
                   "acceleratorType in its place");
  }
  const std::vector<std::string> sides = split(topology, 'x');
  int chips = sides.size() == 2 || sides.size() == 3 ? 1 : 0;
  for (const std::string& side : sides)
    chips = std::min(chips, 4096) * std::min(number(side), 4096);
  if (chips == 0) {
    return invalid("node_config.acceleratorConfig.topology \"" + topology +
                   "\" is none: write its chips on each side, as in 2x2x1 or 2x4");
  }
  return shape_of(*kind, chips);
}

void add_network(Json& config, const LaunchParts& parts) {
  if (says(config, "networkConfigs")) return;
  Json network = says(config, "networkConfig") ? config["networkConfig"] : Json::object();
  if (!network.contains("network") && !network.contains("subnetwork")) {
    if (!parts.network.empty()) network["network"] = parts.network;
    if (!parts.subnetwork.empty()) network["subnetwork"] = parts.subnetwork;
  }
  if (!network.contains("enableExternalIps")) network["enableExternalIps"] = parts.external_address;
  config["networkConfig"] = std::move(network);
}

/// Ray's form of an account, of machines, in the API's.
void write_account(Json& body) {
  if (!says(body, "serviceAccounts")) return;
  Json account = body["serviceAccounts"].front();
  body.erase("serviceAccounts");
  if (account.contains("scopes")) {
    account["scope"] = account["scopes"];
    account.erase("scopes");
  }
  if (!says(body, "serviceAccount")) body["serviceAccount"] = std::move(account);
}

void write_texts(Json& body, const char* key) {
  if (!says(body, key)) return;
  for (Json& value : body[key]) {
    if (!value.is_string()) value = value.dump();
  }
}

}  // namespace

Result<TpuShape> tpu_shape(const Json& node_config) {
  if (!says(node_config, "acceleratorConfig"))
    return of_type(text_of(node_config, "acceleratorType"));
  const Json& config = node_config["acceleratorConfig"];
  return of_config(config.is_object() ? config : Json::object());
}

Json completed_tpu(const Json& node_config, bool head, const LaunchParts& parts) {
  Json result = node_config;
  if (!parts.ssh_keys.empty()) {
    Json metadata = says(result, "metadata") ? result["metadata"] : Json::object();
    metadata["ssh-keys"] = with_keys(text_of(metadata, "ssh-keys"), parts.ssh_keys);
    result["metadata"] = std::move(metadata);
  }
  if (!parts.network_tag.empty())
    result["tags"] = with_text(says(result, "tags") ? result["tags"] : Json(), parts.network_tag);
  add_network(result, parts);
  const bool account = says(result, "serviceAccount") || says(result, "serviceAccounts");
  if (head && !account && !parts.service_account.empty()) {
    result["serviceAccount"] = {{"email", parts.service_account},
                                {"scope", Json::array({kCloudScope})}};
  }
  return result;
}

Json tpu_body(const Json& node_config, bool head, const BodyFacts& facts) {
  Json body = completed_tpu(node_config, head, facts.parts);
  body.erase("networkInterfaces");  // what Ray adds for machines
  write_account(body);
  Json labels = says(body, "labels") ? body["labels"] : Json::object();
  for (const auto& [key, value] : facts.labels)
    labels[key] = value;
  body["labels"] = std::move(labels);
  write_texts(body, "labels");
  write_texts(body, "metadata");
  if (facts.on_demand && says(body, "schedulingConfig")) {
    body["schedulingConfig"].erase("preemptible");
    body["schedulingConfig"].erase("spot");
  }
  return body;
}

}  // namespace rayctl::gcp
