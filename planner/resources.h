#pragma once
#include <string>
#include <vector>

#include "planner/inputs.h"

namespace rayctl::planning {

/// What is done about one resource.
struct ResourceWork {
  Action action;  ///< MakeResource or RemoveResource
  Reason reason = Reason::kMissing;
  std::string because;
  ResourceSpec spec;  ///< of one that is removed: as far as it is recorded
};

/// The resources that are not as wanted. What is made comes first and each after what it needs;
/// what is removed comes last and each before what it needs.
struct ResourceWorks {
  std::vector<ResourceWork> make, remove;
  std::vector<std::string> blind_spots, notes;
  std::vector<Diagnostic> blocked;
};

/// `cluster_id` is this cluster's, or "" before the first apply. Where a provider's resources could
/// not be seen, nothing is done about them.
ResourceWorks compare_resources(const Inputs& in, const ClusterId& cluster_id);

}  // namespace rayctl::planning
