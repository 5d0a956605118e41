#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "cli/autoscale/lease_rules.h"
#include "transport/shared_file.h"

namespace rayctl {

/// How long an operator waits at least for an autoscaler to finish what it has begun.
inline constexpr Millis kYieldTime{60'000};

/// The cluster's lease as one party sees it. Whoever holds it calls beat() about once a second
/// (LeaseKeeper does) and still_mine() before each effect. Thread-safe.
class Lease {
 public:
  /// Whether the holder's process has provably ended; may be empty.
  using Gone = std::function<bool(const LeaseRecord& holder)>;

  /// The references outlive it. Nothing is read or written yet.
  Lease(SharedFile& file, LeaseParty mine, Clock& clock, Gone gone = {});
  /// Releases nothing: a lease that is not released expires.
  ~Lease() = default;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// One try, no waiting: what an autoscaler calls at each turn until it has it. A newer autoscaler
  /// that finds it held by an older one asks that one to end. Errors: the file's; kStateCorrupt,
  /// kStateTooNew.
  Result<LeaseAnswer> try_take();
  /// For an operator: waits up to `patience`, and where an autoscaler holds it at least until that
  /// one had time to finish (kYieldTime). kConflict with kLocked and who holds it, with
  /// kOlderProgram if a newer autoscaler works there, or kInterrupted.
  Result<> take(Millis patience, const std::stop_token& stop);

  /// Sees what others want, and renews. Errors change nothing: the lease is held until it expires.
  Result<LeaseWish> beat();
  /// May an effect begin that ends by `effect` at the latest? Extends the lease where that is
  /// needed (at most to kLongestEffect ahead). What was seen within the last second counts. An
  /// error means: do not begin; kConflict with kLocked if it is another one's now. The deadline of
  /// what runs detached on a node need not be covered: it is found again by its token.
  Result<> still_mine(Time effect);
  /// Marks the cluster as taken down: the holder goes on, and no autoscaler takes it afterwards.
  Result<> end();
  /// Gives it back. Not held (any more): nothing to do. After an error it expires by itself.
  Result<> release();

  bool held() const;
  /// What stood there when this party last looked.
  std::optional<LeaseRecord> seen() const;
  const LeaseParty& party() const { return mine_; }

 private:
  Result<> see(const SharedText& found);
  Result<> look();
  Result<bool> put(const LeaseRecord& wanted, bool keep_age = false);
  Result<LeaseAnswer> try_once();
  Result<LeaseWish> renew(Time effect);
  /// Writes what `edit` makes of the record, as long as it is this party's.
  Result<> change(const std::function<LeaseRecord(const LeaseRecord&)>& edit);
  void ask();
  void unask();
  bool mine() const;
  Error lost() const;

  mutable std::mutex mutex_;
  SharedFile& file_;
  const LeaseParty mine_;
  Clock& clock_;
  const Gone gone_;
  bool held_ = false;
  std::int64_t epoch_ = 0;           ///< under which it is held
  Time covers_{};                    ///< the latest deadline of an effect that was let begin
  Time confirmed_{};                 ///< since when the record is known to stand there
  std::optional<std::string> text_;  ///< the file, as last seen
  std::optional<LeaseRecord> record_;
  Millis age_{0};
};

}  // namespace rayctl
