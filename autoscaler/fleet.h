#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/load.h"
#include "model/names.h"
#include "model/observed.h"
#include "model/snapshot.h"

namespace rayctl {

/// A node as a decision sees it: what is recorded, what its provider lists and what Ray says of it,
/// in one place.
struct FleetNode {
  enum class Stage {
    kAsked,     ///< a launch is under way, its machine is not known
    kStarting,  ///< a machine, not alive in Ray yet
    kRunning,   ///< alive in Ray
    kLeaving,   ///< drains or ends: offers nothing, fills no place
    kFailed,    ///< its set-up or start failed; `failure` says how
  };
  NodeName name;
  NodeTypeName type;
  CloudId id;  ///< "" while kAsked
  bool head = false;
  Stage stage = Stage::kStarting;
  Time since{};                ///< launched or adopted; the epoch: long ago
  Resources total, available;  ///< of kRunning, as Ray says
  std::map<std::string, std::string> labels;
  bool idle = false;  ///< Ray says so
  Millis idle_for{0};
  std::vector<std::string> activity;  ///< Ray's words on what keeps it busy
  std::string failure;
  std::optional<Time> ends_at;  ///< its provider takes it away then
  bool outdated = false;        ///< its launch config is not the wanted one
  bool unseen = false;          ///< its machine is not listed or silent: it cannot be ended now
  bool operator==(const FleetNode&) const = default;
};

/// Something that went wrong or right since the last decision.
struct Happened {
  enum class Kind {
    kLaunchFailed,  ///< no machine; `where` may name the zone
    kSetUpFailed,
    kJoinFailed,   ///< its machine never answered, or never came up in Ray
    kJoined,       ///< a node of the type is alive: whatever it was, it is over
    kUnreachable,  ///< the provider or Ray could not be asked; `type` is empty
  };
  Kind kind = Kind::kLaunchFailed;
  NodeTypeName type;
  NodeName node;      ///< "" where none is concerned
  std::string where;  ///< zone; "" for all
  std::string what;   ///< one line for people
  Time at{};
  bool operator==(const Happened&) const = default;
};

/// All nodes, by name, and what happened to them.
struct Fleet {
  std::vector<FleetNode> nodes;
  std::vector<Happened> happened;
  bool machines_seen = true;  ///< false: the provider could not be listed; records stand in
  bool operator==(const Fleet&) const = default;
};

/// Joins records, machines and Ray's view. Total; independent of the order of machines. `happened`
/// is the caller's to fill.
Fleet make_fleet(const Snapshot& snapshot, const Observed& observed);

}  // namespace rayctl
