#pragma once
#include <optional>
#include <string>
#include <unordered_map>

#include "planner/roster.h"

namespace rayctl::planning {

/// Adds nodes that are to be made to a roster, and the launches that make them.
class NewNodes {
 public:
  NewNodes(const Inputs& in, Survey& survey, Roster& roster)
      : in_(in), survey_(survey), roster_(roster) {}

  /// `count` nodes of a type: first those that open launches may still make, then new ones, all in
  /// one launch. None where the provider could not be listed: what is not seen may be there.
  void create(const NodeTypeName& type, int count, const std::string& because);
  /// One node that takes the place of works[old], which has a spec. A replaced head's partner
  /// becomes the head.
  void replace(int old, Reason reason, const std::string& because);

 private:
  NodeName next_name(const NodeTypeName& type);
  int add(NodeName name, const NodeSpec& spec, Reason reason, const std::string& because);
  int resume(const OpenOp& op, const CreateNodes& begun, const NodeSpec& spec, int most);
  std::optional<std::vector<NodeName>> missing_of(const CreateNodes& begun);

  const Inputs& in_;
  Survey& survey_;
  Roster& roster_;
  std::unordered_map<NodeName, int> by_name_;  // works; filled only if a launch is open
};

}  // namespace rayctl::planning
