#include "autoscaler/packing/need_tree.h"

#include <algorithm>
#include <bit>

namespace rayctl {
namespace {

constexpr Amount kNone = kMostAmount + 1;  // no node has so much

}  // namespace

NeedTree::NeedTree(std::size_t shapes, std::size_t depth, std::vector<Amount> needs)
    : shapes_(shapes),
      depth_(std::max<std::size_t>(1, depth)),
      width_(std::bit_ceil(shapes)),
      needs_(std::move(needs)),
      least_(2 * width_ * depth_, kNone) {
  if (depth == 0) needs_.assign(shapes, 0);
  std::copy(needs_.begin(), needs_.end(),
            least_.begin() + static_cast<std::ptrdiff_t>(width_ * depth_));
  for (std::size_t i = width_ - 1; i > 0; --i)
    raise(i);
}

void NeedTree::raise(std::size_t node) {
  for (std::size_t d = 0; d < depth_; ++d) {
    least_[node * depth_ + d] =
        std::min(least_[2 * node * depth_ + d], least_[(2 * node + 1) * depth_ + d]);
  }
}

void NeedTree::cut(std::size_t shape) {
  const std::size_t leaf = width_ + shape;
  std::fill_n(least_.begin() + static_cast<std::ptrdiff_t>(leaf * depth_), depth_, kNone);
  for (std::size_t i = leaf / 2; i > 0; i /= 2)
    raise(i);
}

int NeedTree::next(std::size_t from, const std::vector<int>& slots,
                   const std::vector<Amount>& free) const {
  if (from >= shapes_) return -1;
  std::size_t i = width_ + from;
  while (true) {
    bool fits = least_[i * depth_] < kNone;
    for (std::size_t d = 0; fits && d < slots.size(); ++d)
      fits = least_[i * depth_ + d] <= free[static_cast<std::size_t>(slots[d])];
    if (fits && i >= width_) return static_cast<int>(i - width_);
    if (fits) {
      i *= 2;
      continue;
    }
    while ((i & 1U) == 1)
      i /= 2;
    if (i == 0) return -1;
    ++i;
  }
}

}  // namespace rayctl
