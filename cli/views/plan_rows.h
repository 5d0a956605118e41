#pragma once
#include <string>
#include <vector>

#include "model/plan.h"

namespace rayctl {

/// One effect on the nodes of a row.
struct PlanLine {
  std::string effect;    ///< "set up, restart Ray"
  std::string cause;     ///< "setup_commands changed"
  std::string disturbs;  ///< "nobody", "interrupts ..."; "" if it does not apply
  bool interrupts = false;
  bool operator==(const PlanLine&) const = default;
};

/// Nodes to which the same happens; with no nodes, a step about the cluster.
struct PlanRow {
  char symbol = '~';  ///< + launch, ~ change in place, - remove, ! replace
  bool head = false;
  std::vector<NodeName> nodes;  ///< in natural order
  std::vector<PlanLine> lines;
  bool operator==(const PlanRow&) const = default;
};

/// A plan as people read it: nodes that differ only in their names, or in how long they were idle,
/// share a row, so that 10,000 equal nodes make as many rows as one. Pure; the head first, then in
/// natural order.
std::vector<PlanRow> plan_rows(const Plan& plan);

/// "launch", "restart Ray", ...: what an action is called for people.
std::string effect_of(const Action& action);
/// The YAML fields that caused a step, and why, in one line.
std::string cause_of(const Step& step);

}  // namespace rayctl
