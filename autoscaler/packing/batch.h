#pragma once
#include <optional>
#include <string>
#include <vector>

#include "autoscaler/packing/need_tree.h"
#include "autoscaler/packing/score.h"

namespace rayctl {

/// So many requests of one kind, put on one node.
struct Take {
  int shape = 0;
  std::int64_t count = 0;
};

/// What a node would take of all that is left.
struct Trial {
  std::vector<Take> takes;
  Room after;
  Score score;
};

/// Requests that are placed together: grouped by shape, in the order in which a node takes them
/// (rather labelled, of many resources, and large ones first). Finding the next that still fits
/// costs the logarithm of their number.
class Batch {
 public:
  struct Ask {
    const ResourceRequest* request = nullptr;
    std::int64_t count = 1;
  };
  struct Terms {
    bool one_a_node = false;  ///< no two on one node
    std::string apart_from;   ///< none on a node with this label; "": on any
    int unlabelled_rank = 0;  ///< label rank of a request that asks for no label
  };
  struct Shape {
    const ResourceRequest* request = nullptr;
    std::int64_t left = 0;  ///< that have no place yet
    bool names_gpu = false;
    int kind = 0, index = 0;  ///< where it stands among those of its kind
  };

  /// What `asks` and `words` point to must live on.
  Batch(const Vocabulary& words, const std::vector<Ask>& asks, Terms terms);

  /// Puts on a node what it can hold of what is left, as a trial. False: nothing.
  bool try_on(const Mold& mold, const Room& room, Trial& trial);
  /// Makes a trial true: what it took is no longer left.
  void take(const Trial& trial);

  const std::vector<Shape>& shapes() const { return shapes_; }
  bool done() const { return left_ == 0; }

 private:
  /// Shapes of the same resources and labels.
  struct Kind {
    std::vector<int> resources;
    const ResourceRequest* like = nullptr;
    std::vector<int> shapes;
  };
  /// A kind that a mold can hold.
  struct Fit {
    int kind = 0;
    int label_rank = 0;
    std::vector<int> slots;  ///< by resource of the kind
  };
  struct Cursor {
    int shape = 0;
    const Fit* fit = nullptr;
  };

  void group(const std::vector<Ask>& asks);
  void sort_into_kinds(const Vocabulary& words);
  const std::vector<Fit>& fits(const Mold& mold, int index);
  std::optional<Fit> fit(const Mold& mold, int kind) const;
  int next(const Fit& fit, int from, const std::vector<Amount>& free) const;
  std::int64_t how_many(const Shape& shape, const Fit& fit, const std::vector<Amount>& free) const;
  void put(const Mold& mold, const Shape& shape, const Fit& fit, std::int64_t count, Room& room);

  Terms terms_;
  std::vector<Shape> shapes_;
  std::vector<Kind> kinds_;
  std::vector<NeedTree> trees_;                        ///< by kind
  std::int64_t left_ = 0;                              ///< shapes of which something is left
  std::vector<std::optional<std::vector<Fit>>> fits_;  ///< by mold
  std::vector<Cursor> cursors_;                        ///< of one trial
};

}  // namespace rayctl
