#include "autoscaler/packing/score.h"

#include <algorithm>
#include <bit>

namespace rayctl {

Score score_of(const Mold& mold, const Room& room) {
  Score score{.label_rank = room.label_rank,
              .spares_gpu = !mold.gpu || room.gpu_used,
              .resources = std::popcount(room.used)};
  double sum = room.other_sum;
  int count = room.other_count;
  double least = room.other_least;
  for (std::size_t i = 0; i < mold.slots.size(); ++i) {
    if (!mold.slots[i].listed) continue;
    const double term = use_term(mold.slots[i].total, room.free[i]);
    least = count == 0 ? term : std::min(least, term);
    sum += term;
    ++count;
  }
  if (count > 0) {
    score.least = least;
    score.mean = sum / count;
  }
  return score;
}

}  // namespace rayctl
