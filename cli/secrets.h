#pragma once
#include <set>
#include <string>

#include "base/result.h"
#include "cli/session.h"
#include "model/config.h"

namespace rayctl {

/// The value behind secret://env/NAME or secret://file/PATH (absolute, or "~/x"; one final line
/// end is not part of it). kSecretUnresolved if there is none. Thread-safe.
Result<std::string> resolve_secret(const Io& io, const std::string& reference);

/// Adds a diagnostic for every reference in the config that points at nothing, with its place where
/// it is known; the values of those that resolve go into the session's redactor.
void check_secrets(Session& session, const Config& config);

/// The secret:// references of the config. Pure.
std::set<std::string> secrets_named(const Config& config);

/// Adds the values that stand in the clear at secret places of the config to the redactor.
void hide_inline_secrets(Session& session, const Config& config);

}  // namespace rayctl
