#include "cli/autoscale/lease_rules.h"

#include <algorithm>

#include "cli/autoscale/program_version.h"

namespace rayctl {
namespace {

bool lapsed(const LeaseSight& sight) {
  const LeaseRecord& record = *sight.record;
  return sight.gone || sight.age >= record.expires - record.heartbeat + kLeaseMargin;
}

LeaseRecord taken(const LeaseRecord& before, const LeaseParty& mine, Time now) {
  LeaseRecord record;
  record.id = mine.id;
  record.owner = mine.owner;
  record.kind = mine.kind;
  record.process = mine.process;
  record.program = mine.program;
  record.autoscaler = mine.kind == LeaseKind::kAutoscaler ? mine.program
                      : before.ended                      ? ""
                                                          : before.autoscaler;
  record.epoch = before.epoch + 1;
  record.since = record.heartbeat = now;
  record.expires = now + kLeaseTtl;
  return record;
}

}  // namespace

LeaseTry take_lease(const LeaseSight& sight, const LeaseParty& mine, Time now) {
  if (!sight.record) return {LeaseAnswer::kTaken, taken({}, mine, now)};
  const LeaseRecord& there = *sight.record;
  const bool autoscaler = mine.kind == LeaseKind::kAutoscaler;
  const auto answer = [&](LeaseAnswer word) { return LeaseTry{word, there}; };

  if (there.ended && autoscaler) return answer(LeaseAnswer::kEnded);
  if (!there.ended && (older_version(mine.program, there.autoscaler) ||
                       older_version(mine.program, there.successor))) {
    return answer(LeaseAnswer::kNewer);
  }
  if (!there.free() && there.id != mine.id && !lapsed(sight)) return answer(LeaseAnswer::kHeld);
  if (autoscaler && !there.waiting.empty() && sight.age < kLeaseReserve) {
    return answer(LeaseAnswer::kReserved);
  }
  return {LeaseAnswer::kTaken, taken(there, mine, now)};
}

std::optional<LeaseRecord> ask_lease(const LeaseRecord& record, const LeaseParty& mine) {
  LeaseRecord asked = record;
  if (mine.kind == LeaseKind::kOperator) {
    if (!record.waiting.empty()) return std::nullopt;
    asked.waiting = mine.owner;
    return asked;
  }
  if (record.kind != LeaseKind::kAutoscaler || !older_version(record.program, mine.program) ||
      (!record.successor.empty() && !older_version(record.successor, mine.program))) {
    return std::nullopt;
  }
  asked.successor = mine.program;
  return asked;
}

std::optional<LeaseRecord> unask_lease(const LeaseRecord& record, const LeaseParty& mine) {
  if (mine.kind != LeaseKind::kOperator || record.waiting != mine.owner) return std::nullopt;
  LeaseRecord without = record;
  without.waiting.clear();
  return without;
}

LeaseRecord renew_lease(LeaseRecord record, Time effect, Time now) {
  record.heartbeat = now;
  record.expires = std::max(now + kLeaseTtl, std::min(effect, now + kLongestEffect));
  return record;
}

LeaseRecord release_lease(LeaseRecord record, Time now) {
  record.id.clear();
  record.owner.clear();
  record.process.clear();
  record.program.clear();
  record.since = record.heartbeat = record.expires = now;
  return record;
}

LeaseWish wish_of(const LeaseRecord& record, const LeaseParty& mine) {
  if (record.id != mine.id) return LeaseWish::kLost;
  if (mine.kind == LeaseKind::kOperator) return LeaseWish::kGoOn;
  if (older_version(mine.program, record.successor)) return LeaseWish::kEnd;
  return record.waiting.empty() ? LeaseWish::kGoOn : LeaseWish::kYield;
}

}  // namespace rayctl
