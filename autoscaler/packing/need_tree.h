#pragma once
#include <cstddef>
#include <vector>

#include "autoscaler/packing/amount.h"

namespace rayctl {

/// What shapes of the same resources need, in the order in which they are tried. Finds the next one
/// that fits into what is free, as a rule in logarithmic time: a tree holds the least amounts of
/// every stretch.
class NeedTree {
 public:
  /// `needs`: by shape, then by resource; `depth` resources, 0 for shapes that need none.
  NeedTree(std::size_t shapes, std::size_t depth, std::vector<Amount> needs);

  /// The first shape from `from` on that fits; `slots` say which of `free` is which resource. -1:
  /// none.
  int next(std::size_t from, const std::vector<int>& slots, const std::vector<Amount>& free) const;
  /// A shape of which nothing is left.
  void cut(std::size_t shape);
  Amount need(std::size_t shape, std::size_t resource) const {
    return needs_[shape * depth_ + resource];
  }

 private:
  void raise(std::size_t node);

  std::size_t shapes_, depth_;
  std::size_t width_;  ///< leaves, from node `width_` on; node 1 is the root, 2i and 2i+1 below i
  std::vector<Amount> needs_;
  std::vector<Amount> least_;  ///< by node, then by resource
};

}  // namespace rayctl
