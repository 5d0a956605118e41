#pragma once
#include <string>
#include <vector>

#include "model/json.h"
#include "providers/gcp/launch_parts.h"

namespace rayctl::gcp {

// What a launch puts into a node_config of a machine. `from` is what the config's template gives,
// null if there is none: a list of the config replaces the template's.

/// The scope of a head's account: what it may do is up to the account's roles.
inline constexpr char kCloudScope[] = "https://www.googleapis.com/auth/cloud-platform";

/// Lines of `ssh-keys`, each once: those that are there, then these.
std::string with_keys(const std::string& there, const std::vector<std::string>& keys);
/// The same texts and this one, once; as they are if it is "".
Json with_text(const Json& list, const std::string& text);

void add_ssh_keys(Json& config, const Json& from, const std::vector<std::string>& keys);
void add_network_tag(Json& config, const Json& from, const std::string& tag);
/// Where neither config nor template has one.
void add_interface(Json& config, const Json& from, const LaunchParts& parts);
void add_account(Json& config, const Json& from, const std::string& email);

}  // namespace rayctl::gcp
