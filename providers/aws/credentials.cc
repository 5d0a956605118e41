#include "providers/aws/credentials.h"

#include <chrono>

namespace rayctl::aws {
namespace {

// As botocore has them, so that a program beside ours renews at the same moments.
constexpr std::chrono::minutes kAgeingFrom{15}, kOldFrom{10}, kPause{1};

}  // namespace

CredentialCache::Age CredentialCache::age(Time now) const {
  if (!held_->expires || *held_->expires - now > kAgeingFrom || now < not_before_) {
    return Age::kFresh;
  }
  return *held_->expires - now > kOldFrom ? Age::kAgeing : Age::kOld;
}

Result<Credentials> CredentialCache::get(Time deadline) {
  Age found = Age::kOld;
  std::optional<Credentials> held;
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

Result<Credentials> CredentialCache::refresh(Time deadline) {
  Result<Credentials> found = look_(deadline);
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  not_before_ = Time{};
  if (found) {
    held_ = *found;
    // Some services go on handing out what is about to expire.
    if (found->expires && *found->expires - now <= kAgeingFrom) not_before_ = now + kPause;
    return found;
  }
  if (!held_ || !held_->expires || *held_->expires <= now) return found;
  not_before_ = std::min<Time>(now + kPause, *held_->expires);
  return *held_;
}

void CredentialCache::reject(const Credentials& refused) {
  const std::lock_guard lock(mutex_);
  if (held_ && held_->key == refused.key) held_.reset();
}

}  // namespace rayctl::aws
