#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "autoscaler/packing/amount.h"
#include "autoscaler/packing/vocabulary.h"

namespace rayctl {

/// What nodes that were made alike have in common.
struct Mold {
  struct Slot {
    int resource = 0;  ///< of the vocabulary
    Amount total = 0;
    bool listed = true;  ///< the node names it; false for an implicit resource
    bool operator==(const Slot&) const = default;
  };
  int type = -1;            ///< which one in the config; -1: none of them
  std::vector<Slot> slots;  ///< ascending by resource
  std::map<std::string, std::string> labels;
  bool gpu = false;
  bool operator==(const Mold&) const = default;
};

/// What is free on a node, and what was put there. Nodes with equal rooms can stand for each other.
struct Room {
  int mold = 0;
  std::vector<Amount> free;  ///< by slot of the mold
  std::uint64_t used = 0;    ///< which of the first 64 slots something was put into
  int label_rank = 0;        ///< of what was put there first and asked for labels
  bool gpu_used = false;     ///< something was put there that names GPU
  /// How much use there is of what nobody asks for: a part of the score.
  double other_least = 0, other_sum = 0;
  int other_count = 0;
  bool operator==(const Room&) const = default;
};

struct RoomHash {
  std::size_t operator()(const Room& room) const noexcept;
};

/// A node or a node type, before it is cut down to what the load speaks of.
struct Offer {
  int type = -1;
  const Resources& total;
  const Resources& free;
  const std::map<std::string, std::string>& labels;
};

/// Makes rooms, and keeps one mold of each kind.
class Molds {
 public:
  explicit Molds(const Vocabulary& words) : words_(words) {}

  Room room(const Offer& offer);
  const Mold& at(int index) const { return molds_[static_cast<std::size_t>(index)]; }
  int size() const { return static_cast<int>(molds_.size()); }

 private:
  int intern(Mold mold);

  const Vocabulary& words_;
  std::vector<Mold> molds_;
  std::unordered_multimap<std::size_t, int> by_hash_;
};

/// What an amount that is in use adds to a score: rather one resource used up than two by half.
double use_term(Amount total, Amount free);

}  // namespace rayctl
