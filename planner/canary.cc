#include "planner/canary.h"

#include <map>

namespace rayctl::planning {
namespace {

constexpr int kFew = 4;

struct Count {
  int set_up = 0;  ///< nodes on which set-up runs
  int old = 0;     ///< nodes that were more than launched before
  bool proven = false;
};

}  // namespace

std::set<NodeTypeName> types_that_try_first(const Inputs& in, const Roster& roster) {
  std::map<NodeTypeName, Count> counts;
  for (const Work& work : roster.works) {
    if (work.spec == nullptr || work.spec->digests.setup.empty()) continue;
    Count& count = counts[work.type];
    if (work.node != nullptr) {
      count.old += work.node->record->phase == Phase::kLaunched ? 0 : 1;
      count.proven |= work.node->record->applied.setup == work.spec->digests.setup;
    }
    const bool comes = work.fate == Fate::kKeep || work.fate == Fate::kCreate;
    if (comes && work.chosen && work.needs.setup && !work.head) ++count.set_up;
  }
  std::set<NodeTypeName> types;
  for (const auto& [type, count] : counts) {
    const bool first_few = count.old == 0 && count.set_up <= kFew;
    if (count.set_up > 1 && !count.proven && !first_few && !in.desired.destroy) types.insert(type);
  }
  return types;
}

}  // namespace rayctl::planning
