#pragma once
#include <string>

#include "base/result.h"

namespace rayctl {

/// Whose turn it is to change a cluster: the loop's view of the cluster's lease. Thread-safe.
class Turn {
 public:
  virtual ~Turn() = default;
  enum class Say {
    kMine,    ///< the lease is ours and nobody waits for it
    kOthers,  ///< somebody else has it, or waits for it: nothing new is begun
    kEnded,   ///< the cluster has been taken down, or a newer program goes on: the loop ends
  };
  /// Takes the lease where it is free, keeps it where it is ours. Asked about once a second. Where
  /// it is no longer kMine, what is in flight is left, and the lease given back.
  virtual Say ask() = 0;
  /// Just before an effect: an Error (kConflict) unless the lease is ours for long enough.
  virtual Result<> may_begin() = 0;
  /// Who has it, for people; "" if nobody.
  virtual std::string holder() = 0;
  /// Why that cannot be told; "".
  virtual std::string trouble() { return ""; }
  virtual void give_back() = 0;
};

}  // namespace rayctl
