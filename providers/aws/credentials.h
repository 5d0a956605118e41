#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/aws/sigv4.h"
#include "providers/renewed.h"

namespace rayctl::aws {

/// Who we are for AWS. Never printed but for `source`.
struct Credentials {
  SigningKey key;
  std::optional<Time> expires;  ///< none: they last
  std::string source;           ///< where they are from, for people: "profile `dev`"
  bool operator==(const Credentials&) const = default;
};

/// Runs a program, without a shell, and gives its standard output; fails if it cannot be started,
/// ends with another status than 0, or is not done at the deadline. From any thread.
using RunProgram =
    std::function<Result<std::string>(const std::vector<std::string>& argv, Time deadline)>;

/// Credentials that are looked up again before they expire, as botocore does it: from 15 minutes
/// before, and from 10 minutes before all wait for the new ones.
class CredentialCache : public Renewed<Credentials> {
 public:
  CredentialCache(Look look, Clock& clock);
};

}  // namespace rayctl::aws
