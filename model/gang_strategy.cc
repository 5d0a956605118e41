#include "model/gang_strategy.h"

namespace rayctl {

const char* ray_name(GangStrategy strategy) {
  switch (strategy) {
    case GangStrategy::kPack:
      return "PACK";
    case GangStrategy::kSpread:
      return "SPREAD";
    case GangStrategy::kStrictPack:
      return "STRICT_PACK";
    case GangStrategy::kStrictSpread:
      return "STRICT_SPREAD";
  }
  return "PACK";
}

}  // namespace rayctl
