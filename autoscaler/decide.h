#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "autoscaler/fleet.h"
#include "autoscaler/memory.h"
#include "base/clock.h"
#include "model/config.h"
#include "model/desired.h"
#include "model/load.h"

namespace rayctl {

/// Why a node goes.
enum class Cause {
  kIdle,         ///< longer than its time-out, and nothing that waits would go there
  kTypeMax,      ///< max_workers of its type was lowered
  kClusterMax,   ///< max_workers of the cluster was lowered
  kTypeRemoved,  ///< its type is no longer in the file
  kOutdated,     ///< its launch config changed (only where the caller asks for that)
  kNotice,       ///< its provider takes it away (spot)
  kNeverJoined,  ///< it did not come up in time
};

/// A node that goes.
struct Release {
  NodeName node;
  NodeTypeName type;
  Cause cause = Cause::kIdle;
  std::string because;  ///< one line for people
  bool operator==(const Release&) const = default;
};

/// Something that gets no place, and why.
struct Unmet {
  enum class Kind { kDemand, kGang, kAsked };
  Kind kind = Kind::kDemand;
  ResourceRequest request;  ///< of kDemand and kAsked
  Gang gang;                ///< of kGang
  std::int64_t count = 1;
  /// No node type could ever hold it; false: it waits for a limit, a back-off or a launch.
  bool impossible = false;
  std::string because;  ///< "no node type has 8 GPU (largest: gpu, 4)", "max_workers of gpu is 2"
  bool operator==(const Unmet&) const = default;
};

/// One line of why: what a launch is for, what keeps a node, what held a launch back.
struct DecisionReason {
  NodeTypeName type;
  NodeName node;  ///< "" for a launch
  int count = 0;  ///< nodes that it is about
  std::string text;
  bool operator==(const DecisionReason&) const = default;
};

/// All that the autoscaler says.
struct Decision {
  Scale scale;                         ///< counts of all worker types, and the nodes that may go
  std::map<NodeTypeName, int> launch;  ///< new nodes by type, those of `scale` alone
  std::vector<Release> release;        ///< by name
  std::vector<Unmet> unmet;
  std::vector<DecisionReason> reasons;
  /// Nodes that are left as they are, whatever a plan would do: failed ones whose next try is
  /// later.
  std::set<NodeName> hold;
  Memory memory;
  bool operator==(const Decision&) const = default;
};

struct DecideOptions {
  bool replace_outdated = false;  ///< release nodes whose launch config is outdated
  bool scale_down = true;         ///< false: nothing is released for idleness
  std::set<NodeTypeName> frozen;  ///< paused: neither launched nor released
};

/// How many nodes of each type there should be, which nodes go, and why. Total and pure: no I/O, no
/// clock, no randomness; the order of nodes, demands and gangs does not matter; any input gives a
/// decision. Near-linear in nodes and in distinct demands, which are grouped by shape first.
/// Rules: docs/autoscaler.md.
Decision decide(const Load& load, const Config& config, const Fleet& fleet, const Memory& memory,
                Time now, const DecideOptions& options = {});

}  // namespace rayctl
