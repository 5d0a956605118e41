#pragma once
#include "base/clock.h"
#include "base/result.h"
#include "transport/ssh/settings.h"
#include "transport/ssh/wire.h"

namespace rayctl {

/// Logs in with the key files in their order, then with the agent's keys. When the node accepts
/// none: kPermanent, kCredentials, naming everything that was tried. Talking to the agent takes as
/// long as the agent takes: it may be asking the user.
Result<> ssh_log_in(SshWire& wire, const SshSettings& settings, Time deadline);

/// Whether a private key (the text of its file) needs a passphrase.
bool key_is_encrypted(std::string_view key);

}  // namespace rayctl
