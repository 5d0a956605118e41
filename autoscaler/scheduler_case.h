#pragma once
#include <string>

#include "autoscaler/arrange.h"
#include "base/result.h"
#include "model/json.h"

namespace rayctl {

/// One case for a scheduler, in the form in which fixtures/scheduler/ holds them: node types, nodes
/// and what waits. It speaks of the moment alone: launches are neither paced nor backed off.
struct SchedulerCase {
  std::string id;
  Load load;
  Config config;
  Fleet fleet;
  Memory memory;  ///< the idle clocks
  Brakes brakes;
  DecideOptions options;
  Time now{};
};

/// Reads one line: a case, or {"case": ..., "answers": ...}. kUsage says what is wrong. The order
/// of node types counts.
Result<SchedulerCase> read_scheduler_case(const std::string& line);

Decision decide(const SchedulerCase& one);

/// The decision in the form of Ray's answers: launch, terminate, infeasible, infeasible_gangs,
/// infeasible_constraint, cluster_resources; with the case's id, and `impossible`, the part of
/// `infeasible` that no node type can ever hold.
Json scheduler_answer(const SchedulerCase& one, const Decision& decision);

}  // namespace rayctl
