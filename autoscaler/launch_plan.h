#pragma once
#include <vector>

#include "autoscaler/seats.h"

namespace rayctl {

/// What is launched now, of what has been placed on new nodes: demands alone launch only so many at
/// once, and use may ask for some more.
class LaunchPlan {
 public:
  LaunchPlan(const Config& config, const Census& census, const std::vector<TypeView>& types,
             const Brakes& brakes, const Seats& seats);

  /// New nodes of a type.
  int count(std::size_t type) const { return counts_[type]; }
  /// How many nodes of a type use alone asks for; 0 where it has no say.
  int wish(std::size_t type) const { return wishes_[type]; }
  const std::vector<NewNode>& launches() const { return launches_; }
  const std::vector<NewNode>& put_off() const { return put_off_; }

 private:
  int allowed(std::size_t type) const;
  void keep_pace();
  void follow_use(const Config& config, const Census& census, const Seats& seats);

  const std::vector<TypeView>& types_;
  const Brakes& brakes_;
  std::vector<NewNode> launches_, put_off_;
  std::vector<int> counts_, forced_, wishes_;  ///< by type; forced: not for demands
};

}  // namespace rayctl
