// after_apply < PLAN > SNAPSHOT: the state that a perfect run of a saved plan would leave, for
// `rayctl state push`: thousands of nodes on record without one being launched.
#include <iostream>
#include <iterator>
#include <string>

#include "model/codec.h"
#include "planner/planner.h"

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto plan = rayctl::plan_from_json(rayctl::Json::parse(text));
  if (!plan) {
    std::cerr << "after_apply: " << plan.error().message << "\n";
    return 1;
  }
  rayctl::Snapshot nothing;
  nothing.lineage = plan->lineage.empty() ? "bench" : plan->lineage;
  nothing.cluster = plan->cluster;
  rayctl::Outcome outcome = rayctl::predict(*plan, nothing, {});
  if (outcome.snapshot.cluster_id.empty()) outcome.snapshot.cluster_id = {"bench"};
  outcome.snapshot.serial = 1;
  std::cout << rayctl::to_json(outcome.snapshot) << "\n";
}
