#include "cli/autoscale/lease.h"

#include <algorithm>

#include "cli/autoscale/program_version.h"

namespace rayctl {
namespace {

constexpr Millis kCall{10'000};  // for one look or change
constexpr Millis kPoll{300};     // between an operator's tries
constexpr Millis kFresh{1'000};  // how long what was seen counts
constexpr Millis kRenew{5'000};  // after the last heartbeat
constexpr int kTries = 5;        // against others who change the record at the same time

Error contended() {
  return transient(ErrorCode::kLocked, "the cluster's lease changes too often to be changed");
}

}  // namespace

Lease::Lease(SharedFile& file, LeaseParty mine, Clock& clock, Gone gone)
    : file_(file), mine_(std::move(mine)), clock_(clock), gone_(std::move(gone)) {}

bool Lease::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

std::optional<LeaseRecord> Lease::seen() const {
  const std::lock_guard lock(mutex_);
  return record_;
}

bool Lease::mine() const {
  return record_ && record_->id == mine_.id && record_->epoch == epoch_;
}

Error Lease::lost() const {
  return conflict(ErrorCode::kLocked,
                  "the cluster's lease was lost to " + (record_ ? describe(*record_) : "nobody"));
}

Result<> Lease::see(const SharedText& found) {
  std::optional<LeaseRecord> record;
  if (found.text) {
    Result<LeaseRecord> read = decode_lease(*found.text);
    if (!read) return read.error();
    record = *std::move(read);
  }
  text_ = found.text;
  age_ = found.age;
  record_ = std::move(record);
  return {};
}

Result<> Lease::look() {
  Result<SharedText> found = file_.read(clock_.now() + kCall);
  if (!found && found.error().fault == Fault::kUnknown) found = file_.read(clock_.now() + kCall);
  if (!found) return in_context(found.error(), "looking at the cluster's lease");
  return see(*found);
}

Result<bool> Lease::put(const LeaseRecord& wanted, bool keep_age) {
  const std::string text = encode(wanted);
  const std::optional<std::string> before = text_;
  Result<Swapped> swapped = file_.swap(before, text, clock_.now() + kCall, keep_age);
  if (!swapped && swapped.error().fault == Fault::kUnknown && look()) {
    // The answer was lost: what is there says whether it was done.
    if (text_ != before) return text_ == text;
    swapped = file_.swap(before, text, clock_.now() + kCall, keep_age);
  }
  if (!swapped) return in_context(swapped.error(), "changing the cluster's lease");
  if (!swapped->done) {
    if (Result<> seen = see(swapped->found); !seen) return seen.error();
    return false;
  }
  text_ = text;
  record_ = wanted;
  if (!keep_age) age_ = Millis{0};
  return true;
}

Result<LeaseAnswer> Lease::try_take() {
  const std::lock_guard lock(mutex_);
  if (held_) return LeaseAnswer::kTaken;
  return try_once();
}

Result<LeaseAnswer> Lease::try_once() {
  if (Result<> looked = look(); !looked) return looked.error();
  for (int left = kTries; left > 0; --left) {
    LeaseSight sight{record_, age_, false};
    if (record_ && !record_->free() && record_->id != mine_.id && gone_)
      sight.gone = gone_(*record_);
    const Time now = clock_.now();
    const LeaseTry tried = take_lease(sight, mine_, now);
    if (tried.answer == LeaseAnswer::kHeld && mine_.kind == LeaseKind::kAutoscaler) ask();
    if (tried.answer != LeaseAnswer::kTaken) return tried.answer;

    const Result<bool> done = put(tried.record);
    if (!done) return done.error();
    if (!*done) continue;
    held_ = true;
    epoch_ = record_->epoch;
    covers_ = {};
    confirmed_ = now;
    return LeaseAnswer::kTaken;
  }
  return contended();
}

void Lease::ask() {
  if (!record_) return;
  // One that does not succeed is asked again at the next turn.
  if (const auto asked = ask_lease(*record_, mine_)) (void)put(*asked, true);
}

void Lease::unask() {
  for (int left = kTries; left > 0 && look() && record_; --left) {
    const auto without = unask_lease(*record_, mine_);
    if (!without) return;
    if (const Result<bool> done = put(*without, true); !done || *done) return;
  }
}

Result<> Lease::take(Millis patience, const std::stop_token& stop) {
  const Time begun = clock_.now();
  for (;;) {
    Millis pause{0};
    {
      const std::lock_guard lock(mutex_);
      if (held_) return {};
      const Result<LeaseAnswer> answer = try_once();
      if (!answer) return answer.error();
      if (*answer == LeaseAnswer::kTaken) return {};
      if (*answer == LeaseAnswer::kNewer) {
        unask();
        const std::string& next = record_->successor;
        return guard_version(mine_.program, next.empty() ? record_->autoscaler : next,
                             "this cluster");
      }
      const bool yields = record_->kind == LeaseKind::kAutoscaler;
      const Millis limit = yields ? std::max(patience, kYieldTime) : patience;
      pause = std::min(kPoll, limit - (clock_.now() - begun));
      if (pause <= Millis{0}) {
        const LeaseRecord holder = *record_;
        unask();
        return conflict(ErrorCode::kLocked, "the cluster is being changed by " + describe(holder) +
                                                ". Wait with --lock-timeout 5m");
      }
      ask();
    }
    if (clock_.sleep(pause, stop)) continue;
    const std::lock_guard lock(mutex_);
    unask();
    return conflict(ErrorCode::kInterrupted, "told to stop while waiting for the cluster's lease");
  }
}

Result<LeaseWish> Lease::beat() {
  const std::lock_guard lock(mutex_);
  return renew({});
}

Result<LeaseWish> Lease::renew(Time effect) {
  if (!held_) return LeaseWish::kLost;
  for (int left = kTries; left > 0; --left) {
    const Time now = clock_.now();
    const bool due =
        effect > record_->expires || now < record_->heartbeat || now - record_->heartbeat >= kRenew;
    if (due) {
      const Result<bool> done = put(renew_lease(*record_, std::max(effect, covers_), now));
      if (!done) return done.error();
      if (!*done && mine()) continue;
    } else if (const Result<> looked = look(); !looked) {
      return looked.error();
    }
    if (!mine()) {
      held_ = false;
      return LeaseWish::kLost;
    }
    confirmed_ = now;
    return wish_of(*record_, mine_);
  }
  return contended();
}

Result<> Lease::still_mine(Time effect) {
  const std::lock_guard lock(mutex_);
  if (!held_) return lost();
  Time now = clock_.now();
  if (effect > now + kLongestEffect) {
    return permanent(ErrorCode::kInternal,
                     "no lease covers an effect of " + format_age(effect - now) + " or more");
  }
  const bool fresh = now >= confirmed_ && now - confirmed_ <= kFresh;
  if (!fresh || effect > record_->expires) {
    const Result<LeaseWish> wish = renew(effect);
    if (!wish) return wish.error();
    if (*wish == LeaseWish::kLost) return lost();
    now = clock_.now();
  }
  if (effect > record_->expires || now >= record_->expires) {
    return transient(ErrorCode::kLocked, "the cluster's lease does not last as long as the effect");
  }
  covers_ = std::max(covers_, effect);
  return {};
}

Result<> Lease::change(const std::function<LeaseRecord(const LeaseRecord&)>& edit) {
  for (int left = kTries; left > 0; --left) {
    if (!mine()) return lost();
    const Result<bool> done = put(edit(*record_));
    if (!done) return done.error();
    if (*done) return {};
  }
  return contended();
}

Result<> Lease::end() {
  const std::lock_guard lock(mutex_);
  if (!held_) return lost();
  return change([&](LeaseRecord record) {
    record.ended = true;
    return renew_lease(std::move(record), covers_, clock_.now());
  });
}

Result<> Lease::release() {
  const std::lock_guard lock(mutex_);
  if (!held_) return {};
  held_ = false;
  const Result<> released =
      change([&](const LeaseRecord& record) { return release_lease(record, clock_.now()); });
  return released || !mine() ? Result<>() : released;
}

}  // namespace rayctl
