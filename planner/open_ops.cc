#include "planner/open_ops.h"

namespace rayctl::planning {
namespace {

/// The name that an action is filed under; launches are looked up by their tokens.
std::string_view key_of(const Action& action) {
  return std::visit(
      [](const auto& what) -> std::string_view {
        if constexpr (requires { what.node; }) {
          return what.node.text;
        } else {
          return {};
        }
      },
      action);
}

}  // namespace

OpenOps::OpenOps(const Snapshot& snapshot) : ops_(snapshot.open), taken_(snapshot.open.size()) {
  for (std::size_t i = 0; i < ops_.size(); ++i)
    by_node_[key_of(ops_[i].action)].push_back(i);
}

std::optional<OpToken> OpenOps::take(const Action& action) {
  if (ops_.empty()) return std::nullopt;
  const auto found = by_node_.find(key_of(action));
  if (found == by_node_.end()) return std::nullopt;
  // The newest first: an earlier one that did the same was left for it.
  for (auto each = found->second.rbegin(); each != found->second.rend(); ++each) {
    const std::size_t i = *each;
    if (taken_[i] || ops_[i].action != action) continue;
    taken_[i] = true;
    return ops_[i].token;
  }
  return std::nullopt;
}

void OpenOps::take(const OpToken& token) {
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    if (ops_[i].token == token) taken_[i] = true;
  }
}

}  // namespace rayctl::planning
