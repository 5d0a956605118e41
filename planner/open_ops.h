#pragma once
#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "planner/inputs.h"

namespace rayctl::planning {

/// The operations that were begun and whose outcome is not recorded, by the node that they are
/// about. Each is resumed by at most one step.
class OpenOps {
 public:
  explicit OpenOps(const Snapshot& snapshot);

  /// Whether an operation of this kind on this node, for which `wanted` is true, is open.
  template <class Kind, class Wanted>
  bool any(const NodeName& node, const Wanted& wanted) const {
    const auto found = by_node_.find(node.text);
    if (found == by_node_.end()) return false;
    return std::any_of(found->second.begin(), found->second.end(), [&](std::size_t i) {
      const auto* kind = std::get_if<Kind>(&ops_[i].action);
      return kind != nullptr && wanted(*kind);
    });
  }
  /// The token of an operation that did exactly this and that no other step resumes; it is then
  /// taken.
  std::optional<OpToken> take(const Action& action);
  void take(const OpToken& token);
  bool taken(std::size_t index) const { return taken_[index]; }
  const std::vector<OpenOp>& all() const { return ops_; }

 private:
  const std::vector<OpenOp>& ops_;
  std::unordered_map<std::string_view, std::vector<std::size_t>>
      by_node_;  // "" for those about no node
  std::vector<bool> taken_;
};

}  // namespace rayctl::planning
