#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/action.h"
#include "model/diagnostic.h"
#include "model/names.h"
#include "model/observed.h"
#include "model/resource.h"
#include "model/snapshot.h"
#include "model/spec.h"

namespace rayctl {

/// Why a step is in the plan.
enum class Reason {
  kMissing,          ///< fewer nodes than wanted
  kOutOfDate,        ///< a field changed
  kNotWanted,        ///< more nodes than wanted, or the type was removed
  kReleased,         ///< named by the autoscaler
  kVanished,         ///< the machine is gone
  kFoundUnrecorded,  ///< a machine of ours that no record knows
  kResume,           ///< begun before and not finished
  kRetry,            ///< failed before
  kRayDown,          ///< the machine runs, Ray on it does not
  kHeadRestarts,     ///< its head restarts or is replaced
  kAsked,            ///< --restart, --restart-only
  kDestroy,          ///< down
};

/// What must still be true just before the step begins; otherwise it and those after it fail.
struct Precondition {
  std::optional<CloudId> id;
  std::optional<Power> power;
  std::optional<SpecDigests> last_applied;
  bool operator==(const Precondition&) const = default;
};

struct Step {
  int id = 0;  ///< position in Plan::steps, from 0; every id in `after` is smaller
  Action action;
  Precondition pre;
  Reason reason = Reason::kMissing;
  std::vector<std::string> fields;  ///< the YAML fields that caused it
  std::string because;              ///< one line for people
  std::string disturbs;             ///< "nobody (idle 12 min)", "work that uses 2 CPU"; "" if n/a
  std::vector<MountChange> sends;   ///< of SyncFiles: what travels, where it is known
  std::optional<OpToken> resume;    ///< the open operation that this step goes on with
  std::vector<int> after;           ///< ids of steps that must have succeeded
  bool operator==(const Step&) const = default;
};

/// A step that a flag or a rule left out, shown so that nothing is hidden.
struct LeftOut {
  NodeName node;
  std::string what;     ///< "restart Ray", "replace"
  std::string because;  ///< "--no-restart: setup_commands changed"
  bool operator==(const LeftOut&) const = default;
};

/// Everything that will be done, in full, before any of it is done. Never changed once made:
/// progress lives in the journal. A plan with `blocked` set is shown but cannot be applied.
struct Plan {
  // basis: what the plan rests on
  std::string lineage;
  std::int64_t epoch = 0;
  Digest config;
  Time made_at;

  ClusterName cluster;
  ClusterId cluster_id;  ///< "" when the first apply will make one
  NodeTypeName head_type;
  bool destroy = false;
  std::map<NodeTypeName, NodeSpec> specs;  ///< of the types that steps name
  std::map<Digest, FieldDigests> breakdown;
  Digest autoscaler;
  Overrides overrides;
  /// Names of images and what they mean for this cluster from the apply on ("latest_dlami").
  std::map<std::string, std::string> images;
  /// That steps name; of one that is removed, what is recorded of it.
  std::map<ResourceName, ResourceSpec> resources;
  std::vector<Step> steps;  ///< topologically ordered
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;  ///< what a person should know, though nothing is done about it
  std::vector<std::string>
      blind_spots;                  ///< what could not be seen, and what was therefore left alone
  std::vector<Diagnostic> blocked;  ///< why it cannot be applied until a person decides
  int nodes_unchanged = 0;
  bool operator==(const Plan&) const = default;
};

}  // namespace rayctl
