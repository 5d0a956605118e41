#pragma once
#include <string>

#include "base/result.h"
#include "cli/session.h"

namespace rayctl {

/// Asks on the terminal; only "yes" and "y" are a yes. kNeedsConfirmation where nobody can be asked
/// (unattended): `what` says what was to be confirmed.
Result<bool> ask(Session& session, const std::string& question, const std::string& what);

}  // namespace rayctl
