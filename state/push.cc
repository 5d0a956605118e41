#include "state/push.h"

namespace rayctl {

Result<> check_push(const Snapshot& current, const Snapshot& incoming) {
  if (current.lineage.empty()) return {};
  if (incoming.lineage != current.lineage) {
    return permanent(ErrorCode::kStateLineage,
                     "this is the state of another cluster: its lineage is \"" + incoming.lineage +
                         "\", here it is \"" + current.lineage + "\"");
  }
  if (incoming.serial < current.serial) {
    return permanent(ErrorCode::kStateLineage,
                     "this state is older (serial " + std::to_string(incoming.serial) +
                         ") than the one here (serial " + std::to_string(current.serial) +
                         "). Pull again and push what follows from that");
  }
  return {};
}

}  // namespace rayctl
