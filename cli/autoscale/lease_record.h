#pragma once
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

enum class LeaseKind { kOperator, kAutoscaler };

/// One that wants to change a cluster.
struct LeaseParty {
  std::string id;     ///< of this one alone, random
  std::string owner;  ///< for people: "ana@laptop"
  LeaseKind kind = LeaseKind::kOperator;
  std::string program;  ///< its version
  std::string process;  ///< which process on which machine (lease_process.h); "" if not known
  bool operator==(const LeaseParty&) const = default;
};

/// Who may change a cluster: the one record that all parties share. Times are by the clock of who
/// wrote them, and are compared with no other clock.
struct LeaseRecord {
  std::string id, owner;  ///< of the holder; "" while it is free
  LeaseKind kind = LeaseKind::kOperator;
  std::string process;
  std::string program;     ///< version of the holder's program
  std::string autoscaler;  ///< version of the last autoscaler that held it; "" if none did
  std::int64_t epoch = 0;  ///< rises with each change of hands
  Time since{}, heartbeat{};
  Time expires{};         ///< the holder begins no effect that could end later
  std::string waiting;    ///< the operator who waits; "" if nobody does
  std::string successor;  ///< version of a newer autoscaler, which asks the holder to end; or ""
  bool ended = false;     ///< by `down`: no autoscaler takes it any more
  bool operator==(const LeaseRecord&) const = default;

  bool free() const { return id.empty(); }
};

/// Codec, with `format_version`: minor adds, major breaks. A higher major is kStateTooNew, what
/// cannot be read is kStateCorrupt.
inline constexpr char kLeaseFormat[] = "1.0";
std::string encode(const LeaseRecord& record);
Result<LeaseRecord> decode_lease(const std::string& text);

/// For messages: "ana@laptop (rayctl 0.4, since 14:01:12 UTC)".
std::string describe(const LeaseRecord& record);

}  // namespace rayctl
