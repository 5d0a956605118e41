#pragma once
#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// When something that expires is looked up again, each before its end.
struct Renewal {
  Millis ageing_from;  ///< from here one caller looks, and the others go on with the old one
  Millis old_from;     ///< from here all wait for the new one
  Millis pause;        ///< between tries that bring nothing better
};

/// Credentials of a kind that has `std::optional<Time> expires`, looked up once and again before
/// they expire. A failure is told only when the old ones can no longer be used. Thread-safe; one
/// look-up at a time.
template <class T>
class Renewed {
 public:
  using Look = std::function<Result<T>(Time deadline)>;
  /// Whether two are the same ones, for reject().
  using Same = bool (*)(const T& one, const T& other);
  Renewed(Look look, Clock& clock, Renewal renewal, Same same)
      : look_(std::move(look)), clock_(clock), renewal_(renewal), same_(same) {}

  /// Those to use now; fails as the look-up does.
  Result<T> get(Time deadline) {
    Age found = Age::kOld;
    std::optional<T> held;
    {
      const std::lock_guard lock(mutex_);
      held = held_;
      if (held) found = age(clock_.now());
    }
    if (found == Age::kFresh) return *held;
    std::unique_lock looking(looking_, std::defer_lock);
    if (found == Age::kAgeing) {
      if (!looking.try_lock()) return *held;
    } else {
      looking.lock();
    }
    {
      // Somebody may have looked while we waited.
      const std::lock_guard lock(mutex_);
      if (held_ && age(clock_.now()) == Age::kFresh) return *held_;
    }
    return refresh(deadline);
  }

  /// A service refuses these: the next get() looks anew, unless somebody already has. What is not
  /// found then is an error, however long the old ones should have lasted.
  void reject(const T& refused) {
    const std::lock_guard lock(mutex_);
    if (held_ && same_(*held_, refused)) held_.reset();
  }

 private:
  enum class Age { kFresh, kAgeing, kOld };

  Age age(Time now) const {
    if (!held_->expires || *held_->expires - now > renewal_.ageing_from || now < not_before_) {
      return Age::kFresh;
    }
    return *held_->expires - now > renewal_.old_from ? Age::kAgeing : Age::kOld;
  }

  Result<T> refresh(Time deadline) {
    Result<T> found = look_(deadline);
    const std::lock_guard lock(mutex_);
    const Time now = clock_.now();
    not_before_ = Time{};
    if (found) {
      held_ = *found;
      // Some services go on handing out what is about to expire.
      if (found->expires && *found->expires - now <= renewal_.ageing_from) wait_from(now);
      return found;
    }
    if (!held_ || !held_->expires || *held_->expires <= now) return found;
    wait_from(now);
    return *held_;
  }

  void wait_from(Time now) { not_before_ = std::min<Time>(now + renewal_.pause, *held_->expires); }

  const Look look_;
  Clock& clock_;
  const Renewal renewal_;
  const Same same_;
  std::mutex looking_;  ///< held while a look-up is under way
  mutable std::mutex mutex_;
  std::optional<T> held_;
  Time not_before_{};  ///< of the next try
};

}  // namespace rayctl
