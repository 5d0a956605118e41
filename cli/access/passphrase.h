#pragma once
#include "cli/io.h"
#include "transport/ssh/settings.h"

namespace rayctl {

/// Asks for a key's passphrase at the terminal (/dev/tty, without echo), once per key however many
/// connections want it; empty where nobody can be asked. Thread-safe.
PassphraseSource passphrase_from_terminal(const Io& io);

}  // namespace rayctl
