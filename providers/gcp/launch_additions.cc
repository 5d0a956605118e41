#include "providers/gcp/launch_additions.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "providers/gcp/node_config.h"

namespace rayctl::gcp {
namespace {

/// The list `items` of what `key` holds, in the config or else in its template.
Json items_of(const Json& config, const Json& from, const char* key) {
  for (const Json* source : {&config, &from}) {
    if (source->is_object() && says(*source, key) && (*source)[key].is_object())
      return (*source)[key].value("items", Json::array());
  }
  return Json::array();
}

bool said(const Json& config, const Json& from, const char* key) {
  return says(config, key) || (from.is_object() && says(from, key));
}

void set_items(Json& config, const char* key, Json items) {
  if (!says(config, key)) config[key] = Json::object();
  config[key]["items"] = std::move(items);
}

}  // namespace

std::string with_keys(const std::string& there, const std::vector<std::string>& keys) {
  std::vector<std::string> lines;
  std::set<std::string> known;
  const auto add = [&](const std::string& line) {
    const std::string bare = trim(line);
    if (!bare.empty() && known.insert(bare).second) lines.push_back(bare);
  };
  for (const std::string& line : split(there, '\n'))
    add(line);
  for (const std::string& line : keys)
    add(line);
  return join(lines, "\n");
}

Json with_text(const Json& list, const std::string& text) {
  Json result = list.is_array() ? list : Json::array();
  if (!text.empty() && std::find(result.begin(), result.end(), Json(text)) == result.end())
    result.push_back(text);
  return result;
}

void add_ssh_keys(Json& config, const Json& from, const std::vector<std::string>& keys) {
  if (keys.empty()) return;
  Json items = items_of(config, from, "metadata");
  auto found = std::find_if(items.begin(), items.end(), [](const Json& item) {
    return item.value("key", Json()) == Json("ssh-keys");
  });
  if (found == items.end()) {
    items.push_back({{"key", "ssh-keys"}, {"value", with_keys("", keys)}});
  } else {
    const Json there = found->value("value", Json());
    (*found)["value"] = with_keys(there.is_string() ? there.get<std::string>() : "", keys);
  }
  set_items(config, "metadata", std::move(items));
}

void add_network_tag(Json& config, const Json& from, const std::string& tag) {
  if (!tag.empty()) set_items(config, "tags", with_text(items_of(config, from, "tags"), tag));
}

void add_interface(Json& config, const Json& from, const LaunchParts& parts) {
  if (said(config, from, "networkInterfaces")) return;
  Json interface = Json::object();
  if (!parts.network.empty()) interface["network"] = parts.network;
  if (!parts.subnetwork.empty()) interface["subnetwork"] = parts.subnetwork;
  if (interface.empty()) return;
  if (parts.external_address) {
    interface["accessConfigs"] =
        Json::array({{{"name", "External NAT"}, {"type", "ONE_TO_ONE_NAT"}}});
  }
  config["networkInterfaces"] = Json::array({std::move(interface)});
}

void add_account(Json& config, const Json& from, const std::string& email) {
  if (email.empty() || said(config, from, "serviceAccounts")) return;
  config["serviceAccounts"] =
      Json::array({{{"email", email}, {"scopes", Json::array({kCloudScope})}}});
}

}  // namespace rayctl::gcp
