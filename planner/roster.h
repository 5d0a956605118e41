#pragma once
#include <optional>
#include <string>
#include <vector>

#include "planner/changes.h"
#include "planner/survey.h"

namespace rayctl::planning {

/// What becomes of a node.
enum class Fate {
  kLeave,    ///< nothing is done to it now; a blind spot says why
  kKeep,     ///< it stays, and gets what it needs
  kRemove,   ///< drained, terminated
  kReplace,  ///< the same, and another takes its place
  kForget,   ///< its machine is gone: only the record goes
  kCreate,   ///< it is to be made
};

/// One node and what the plan does about it.
struct Work {
  const NodeView* node = nullptr;  ///< null for one that is to be made
  NodeName name;
  NodeTypeName type;
  bool head = false;
  const NodeSpec* spec = nullptr;  ///< null if the type is gone
  Fate fate = Fate::kLeave;
  Reason reason = Reason::kOutOfDate;
  std::string because;
  std::vector<std::string> fields;  ///< of a replacement
  Needs needs;                      ///< of kKeep, and of kReplace while it waits
  Reason restart_reason = Reason::kOutOfDate;
  std::string restart_because;
  std::vector<std::string> restart_fields;
  int partner = -1;      ///< kReplace: the new node; kCreate: whom it replaces; an index of works
  bool if_idle = false;  ///< kRemove: only if Ray says that it is not in use
  bool chosen = true;    ///< false: --target or --exclude left it out
};

/// One operation that makes machines of one type.
struct Launch {
  NodeTypeName type;
  std::vector<int> works;
  std::optional<OpToken> resume;
  std::vector<NodeName> names;  ///< of a resumed one: all that it was begun with
};

/// Every node that exists or will, with its fate.
struct Roster {
  std::vector<Work> works;  ///< those that exist in the order of the survey, then the new ones
  std::vector<Launch> launches;
  int head = -1;  ///< who is the head once the plan is done; an index of works
  std::vector<LeftOut> left_out;
  std::vector<std::string> blind_spots;
  std::vector<Diagnostic> blocked;
};

/// Pairs the counts that are wanted with the nodes that exist.
Roster decide_fates(const Inputs& in, Survey& survey, Changes& changes);
/// Fills in what each kept node needs by itself, whatever its head does.
void decide_needs(const Inputs& in, Roster& roster, Changes& changes);

}  // namespace rayctl::planning
