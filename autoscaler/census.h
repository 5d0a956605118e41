#pragma once
#include <optional>
#include <vector>

#include "autoscaler/decide.h"

namespace rayctl {

/// A node that counts, with its fate.
struct Resident {
  const FleetNode* node = nullptr;
  bool head = false;           ///< or a launch of it
  int type = -1;               ///< which worker type of the config; -1: none of them, or the head
  std::optional<Millis> idle;  ///< by our clock; nullopt: in use
  double use = 0;              ///< mean share of its resources that is in use
  std::optional<Cause> leaves;
  std::string because;  ///< why it leaves
  bool stays() const { return !leaves; }
  /// Has room for what waits.
  bool offers() const {
    return stays() && !node->ends_at && node->stage != FleetNode::Stage::kFailed;
  }
};

/// Who is there, and who must go whatever waits: nodes of removed types, nodes that their provider
/// takes away, those above a maximum. Nodes that are on their way out are not in it.
class Census {
 public:
  Census(const Config& config, const Fleet& fleet, const Memory& memory, Time now,
         const DecideOptions& options);

  /// The head first, then by type in the order of the config, then by number.
  const std::vector<Resident>& residents() const { return residents_; }
  Resident& at(std::size_t index) { return residents_[index]; }
  /// Those of a worker type that stay.
  int count(int type) const { return counts_[static_cast<std::size_t>(type)]; }
  int workers() const { return workers_; }
  bool frozen(int type) const { return frozen_[static_cast<std::size_t>(type)]; }
  void release(Resident& resident, Cause cause, std::string because);
  /// Indexes of residents in the order in which they are given up: not running yet, then idle
  /// longest, then used least.
  std::vector<std::size_t> in_order_of_loss() const;

 private:
  void sort_in(const Fleet& fleet, const Memory& memory, Time now);
  void release_unwanted();
  void give_up(const Memory& memory, Time now);
  void obey_maxima();

  const Config& config_;
  const DecideOptions& options_;
  std::vector<Resident> residents_;
  std::vector<int> counts_;
  std::vector<bool> frozen_;
  int workers_ = 0;
};

/// The config's type of that index is one of workers.
inline bool is_worker_type(const Config& config, std::size_t type) {
  return config.node_types[type].name != config.head_type;
}

}  // namespace rayctl
