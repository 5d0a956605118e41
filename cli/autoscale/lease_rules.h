#pragma once
#include <optional>

#include "cli/autoscale/lease_record.h"

namespace rayctl {

// The rules of the lease (docs/decisions/0014-lease-and-bundle.md). All pure.

inline constexpr Millis kLeaseTtl{15'000};
/// What is added before anyone else counts a lease as expired: ages are exact to a second, and
/// clocks do not run equally fast.
inline constexpr Millis kLeaseMargin{2'000};
/// How long a free lease is kept for the operator who waited for it.
inline constexpr Millis kLeaseReserve{10'000};
/// The farthest that an effect's deadline may lie ahead.
inline constexpr Millis kLongestEffect{15 * 60'000};

/// What a party sees who wants the lease.
struct LeaseSight {
  std::optional<LeaseRecord> record;  ///< nullopt: nobody ever held it
  Millis age{0};      ///< since the record's last heartbeat, by the clock where it lies
  bool gone = false;  ///< the holder's process has provably ended
};

enum class LeaseAnswer {
  kTaken,
  kHeld,      ///< by another one who may work
  kReserved,  ///< free, but an operator waited for it
  kEnded,     ///< the cluster was taken down
  kNewer,     ///< a newer program works here, or is about to
};

struct LeaseTry {
  LeaseAnswer answer = LeaseAnswer::kHeld;
  LeaseRecord record;  ///< kTaken: to be written; else what stands there
  bool operator==(const LeaseTry&) const = default;
};
LeaseTry take_lease(const LeaseSight& sight, const LeaseParty& mine, Time now);

/// The record with a wish of `mine` on it: an operator's to have it next, or a newer autoscaler's
/// that the older one ends. nullopt: nothing to ask, or it is asked already.
std::optional<LeaseRecord> ask_lease(const LeaseRecord& record, const LeaseParty& mine);
/// The operator's wish taken back; nullopt if it is not there.
std::optional<LeaseRecord> unask_lease(const LeaseRecord& record, const LeaseParty& mine);

/// For the holder: valid for kLeaseTtl more, and for an effect that may last until `effect`.
LeaseRecord renew_lease(LeaseRecord record, Time effect, Time now);
LeaseRecord release_lease(LeaseRecord record, Time now);

/// What others want of a holder.
enum class LeaseWish {
  kGoOn,
  kYield,  ///< finish what has begun, begin nothing, release; an operator waits
  kEnd,    ///< the same, then end the program: a newer one takes over
  kLost,   ///< it is another one's: begin nothing
};
LeaseWish wish_of(const LeaseRecord& record, const LeaseParty& mine);

}  // namespace rayctl
