#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/providers.h"

namespace rayctl {

// What the providers of clouds share: machines with an address inside and one outside, opened by a
// key that rayctl may have made.

/// Those of the named variables that are set, the usual ones of proxies, PATH, and HOME as the
/// user's directory.
std::map<std::string, std::string> cloud_environment(const Io& io,
                                                     std::span<const char* const> names);

/// Runs a program of the user's that hands out credentials, without a shell; its standard output.
/// kCredentials if it ends with another status than 0.
Result<std::string> run_credential_program(const std::vector<std::string>& argv,
                                           const std::map<std::string, std::string>& env,
                                           Time deadline);

/// Puts the values of secret:// references into a map of provider's, such as "aws_credentials".
Result<> reveal_secrets(Config& config, const std::string& section, const Io& io);

/// The way to the machines over SSH: by their outer address, by the inner one where that is wanted
/// or we are on the head, or through the head. `made_key` is the path of the key that this run has
/// made or found, "" for none: then it is that of the key pair that is recorded, at the path that
/// `key_of` gives to its name.
std::unique_ptr<NodeAccess> cloud_access(
    const ProviderSetting& setting, Provider& provider, std::function<std::string()> made_key,
    std::function<std::string(const std::string& name)> key_of);

}  // namespace rayctl
