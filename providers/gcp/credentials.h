#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/renewed.h"

namespace rayctl::gcp {

/// Who we are for Google. Never printed but for `source` and `principal`.
struct Token {
  std::string text;             ///< what goes out after "Bearer "
  std::optional<Time> expires;  ///< none: nobody knows
  /// Where it is from, for people: "service account a@b from GOOGLE_APPLICATION_CREDENTIALS".
  std::string source;
  std::string principal;      ///< the account's email; "" where it is not known
  std::string quota_project;  ///< whom calls are counted for, if not the project called; or ""
  bool operator==(const Token&) const = default;
};

/// A project, and who named it, for people: "GOOGLE_CLOUD_PROJECT".
struct Project {
  std::string id, source;
  bool operator==(const Project&) const = default;
};

/// Runs a program, without a shell, and gives its standard output; fails if it cannot be started,
/// ends with another status than 0, or is not done at the deadline. From any thread.
using RunProgram =
    std::function<Result<std::string>(const std::vector<std::string>& argv, Time deadline)>;

/// A token that is looked up again before it expires: from 5 minutes before, when a metadata server
/// begins to give out a new one, and from a minute before all wait for it.
class TokenCache : public Renewed<Token> {
 public:
  TokenCache(Look look, Clock& clock);
};

}  // namespace rayctl::gcp
