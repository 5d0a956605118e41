#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "autoscaler/packing/batch.h"

namespace rayctl {

/// Who takes the most of a batch: contenders (nodes that are alike, or a node type) try it on, and
/// the best of them takes, again and again. A trial is repeated only if something that it would
/// take has run short since.
class Contest {
 public:
  /// Between equal scores: the type that launches well, then the one of higher priority.
  struct Favour {
    double availability = 1.0;
    int priority = 0;
    auto operator<=>(const Favour&) const = default;
  };

  Contest(const Molds& molds, Batch& batch) : molds_(molds), batch_(batch) {}

  /// A contender with a number of the caller's. Of equals the one of lower `order` goes first.
  void enter(int number, const Room& room, const Favour& favour, std::int64_t order);

  struct Best {
    int number = -1;
    const Trial* trial = nullptr;  ///< until the next call of this object
  };
  /// nullopt: nobody can take anything that is left.
  std::optional<Best> best();
  /// What the best would take is taken. It goes on, under another order, or is out.
  void take(std::optional<std::int64_t> next_order);

 private:
  struct Contender {
    int number = 0;
    const Room* room = nullptr;
    Favour favour;
    std::int64_t order = 0;
    bool out = false;
    bool ranked = false;
    int trials = 0;  ///< made until now: watches of earlier ones are void
    Trial trial;
  };
  /// Waits until fewer than `count` of a shape are left.
  struct Watch {
    std::int64_t count = 0;
    int contender = 0;
    int trial = 0;
    bool operator<(const Watch& other) const { return count < other.count; }
  };
  using Place = std::tuple<Score, Favour, std::int64_t, int>;

  Contender& at(int i) { return contenders_[static_cast<std::size_t>(i)]; }
  Place place(int i);
  void try_on(int i);
  void set_back(int shape);

  const Molds& molds_;
  Batch& batch_;
  std::vector<Contender> contenders_;
  std::set<Place> ranking_;                  ///< the best is the last
  std::vector<std::vector<Watch>> watches_;  ///< by shape, each a heap
  std::vector<int> stale_;                   ///< contenders whose trial is void
};

}  // namespace rayctl
