#pragma once
#include "autoscaler/packing/room.h"

namespace rayctl {

/// How good a place is; the larger, the better. Ray's order of what matters.
struct Score {
  int label_rank = 0;
  bool spares_gpu = false;  ///< no GPU, or one that something asks for
  int resources = 0;        ///< kinds of resources that are put to use
  double least = 0, mean = 0;
  auto operator<=>(const Score&) const = default;
};

/// The score of a node with what was put on it.
Score score_of(const Mold& mold, const Room& room);

}  // namespace rayctl
