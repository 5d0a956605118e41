#pragma once
#include <optional>
#include <vector>

#include "providers/gcp/alternatives.h"
#include "providers/gcp/launching.h"

namespace rayctl::gcp {

/// A machine of an attempt, and what came of it.
struct Asked {
  CloudId id;     ///< its name
  NodeName node;  ///< who it is for
  bool made = false;
  bool ended = false;  ///< its operation has: what there is of it now is all that there will be
  std::optional<Error> error;  ///< why it was not
  ApiError api;                ///< what the service said with it; empty if nothing
  /// Whether it may be there all the same: the answer is missing, or it is too early to tell.
  bool open() const;
};

/// What all machines of a launch's attempt have in common.
struct AskedFor {
  Api& api;
  Clock& clock;
  TpuNodes& tpus;
  const GcePlace& place;
  const LaunchRequest& request;
  const LaunchPlan& plan;
  Alternative where;
  Time deadline;
};

/// Asks for machines, all at the same time, and waits until each is there or is known not to be.
/// One that is there already, because the same was asked before, is made.
void ask_for(const AskedFor& what, std::vector<Asked>& machines);

/// All that a machine is labelled with from its start.
Tags tags_of(const LaunchRequest& request, const NodeName& node);

}  // namespace rayctl::gcp
