#pragma once
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/verb.h"

namespace rayctl {

/// Runs `rayctl words...` and returns the exit status. Never throws.
int run_app(const std::vector<std::string>& words, Session& session);

/// The verb that the first words name, and how many of them ("state list": 2). `entry` is null if
/// there is none; `near` is then the verb that was perhaps meant.
struct FoundVerb {
  const VerbEntry* entry = nullptr;
  std::size_t words = 0;
  std::string near;
};
FoundVerb find_verb(const std::vector<std::string>& words);

}  // namespace rayctl
