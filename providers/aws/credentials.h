#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "providers/aws/sigv4.h"

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

/// Credentials that are looked up once, and again before they expire: from 15 minutes before, one
/// caller looks while the others go on with the old ones; from 10 minutes before, all wait for it.
/// A failure is told only when the old ones can no longer be used; until then it is not tried
/// again within a minute. Thread-safe; one look-up at a time.
class CredentialCache {
 public:
  using Look = std::function<Result<Credentials>(Time deadline)>;
  CredentialCache(Look look, Clock& clock) : look_(std::move(look)), clock_(clock) {}

  /// Those to use now; fails as the look-up does.
  Result<Credentials> get(Time deadline);
  /// A service says that these have expired: the next get() looks anew, unless somebody already
  /// has. What is not found then is an error, however long the old ones should have lasted.
  void reject(const Credentials& refused);

 private:
  enum class Age { kFresh, kAgeing, kOld };
  Age age(Time now) const;
  Result<Credentials> refresh(Time deadline);

  const Look look_;
  Clock& clock_;
  std::mutex looking_;  ///< held while a look-up is under way
  mutable std::mutex mutex_;
  std::optional<Credentials> held_;
  Time not_before_{};  ///< of the next try, after one that failed
};

}  // namespace rayctl::aws
