#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "planner/inputs.h"

namespace rayctl::planning {

/// What is known of a node's machine.
enum class Presence {
  kAlive,     ///< pending or running
  kStopped,   ///< stopped, still there, still paid for
  kStopping,  ///< on its way out
  kGone,      ///< not listed, or listed as gone
  kExpected,  ///< not listed, but launched so recently that a list may omit it
  kUnseen,    ///< its provider could not be listed, or it does not answer itself
  kForeign,   ///< recorded, but the machine carries another cluster's id
};

enum class RayState { kUnknown, kUp, kDown };

/// One node of ours: record, machine and Ray's view of it, joined.
struct NodeView {
  NodeName name;
  NodeTypeName type;
  bool head = false;
  bool adopted = false;     ///< a machine that no record knew
  bool taken_back = false;  ///< a change was begun on it, and what was there before is wanted again
  Presence presence = Presence::kGone;
  RayState ray_state = RayState::kUnknown;
  const NodeRecord* record = nullptr;  ///< never null
  const CloudNode* machine = nullptr;  ///< null when not seen
  const RayNode* ray = nullptr;        ///< null when Ray does not know it
};

/// The state of the cluster before the plan: records and machines joined, and what could not be
/// joined said.
struct Survey {
  std::vector<NodeView> nodes;  ///< heads first, then in natural order of names
  /// What NodeView::record points to where the snapshot does not say it so: of adopted nodes, and
  /// of those on which a change was begun.
  std::deque<NodeRecord> records;
  ClusterId cluster_id;  ///< ours, or the one that the head's tag gave
  std::unordered_map<std::string, std::int64_t> highest;  ///< number ever seen, per type
  std::vector<std::string> blind_spots;
  std::vector<Diagnostic> blocked;
};

/// Joins. Near-linear; independent of the order in which machines are listed.
Survey survey(const Inputs& in);

/// Whether the machines of a provider were listed. With --refresh=false a provider without records
/// counts as listed and empty.
bool listed(const Inputs& in, const ProviderName& provider);

}  // namespace rayctl::planning
