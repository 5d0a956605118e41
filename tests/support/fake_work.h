#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/load.h"
#include "model/names.h"

namespace rayctl {

/// A node as work sees it.
struct FakeWorkPlace {
  std::string start;  ///< which start of Ray: another one has lost what ran before
  Time joined;
  Resources total;
  std::map<std::string, std::string> labels;
  bool open = true;  ///< false: it drains, and takes nothing new
};

/// What people run on a fake Ray: tasks and placement groups that wait until they fit, occupy
/// their nodes for a while, and end. In the order of submission, on the first node by id that fits.
/// What runs on a node that dies waits again, as Ray retries it. Time passes in settle() alone.
class FakeWork {
 public:
  /// Equal tasks; `selectors` are alternatives, the preferred first.
  void submit(const Resources& bundle, int count, Millis duration,
              const std::vector<LabelSelector>& selectors = {});
  /// A placement group that is given back after `duration`.
  void submit(const Gang& gang, Millis duration);
  /// ray.autoscaler.sdk.request_resources(): replaces what was asked for before.
  void request_resources(std::vector<Demand> asked) { asked_ = std::move(asked); }

  int waiting() const { return static_cast<int>(waiting_.size()); }  ///< tasks and groups
  int running() const { return static_cast<int>(running_.size()); }
  int finished() const { return finished_; }
  int interrupted() const { return interrupted_; }  ///< times that work lost its node

  /// What happened until `now`, on these nodes.
  void settle(const std::map<CloudId, FakeWorkPlace>& places, Time now);
  /// What waits, as GCS says it.
  Load load() const;
  /// What is left of the resources of a node.
  Resources available(const CloudId& id, const FakeWorkPlace& place) const;
  bool busy(const CloudId& id) const;
  /// When the last work on a node ended; the epoch: there was none.
  Time last_end(const CloudId& id) const;

 private:
  /// A task is a group of one without an id.
  struct Piece {
    Gang gang;
    Millis duration{0};
    std::vector<CloudId> on;  ///< by bundle, once it runs
    std::vector<std::string> starts;
    Time ends_at;
  };
  bool place(Piece& piece, const std::map<CloudId, FakeWorkPlace>& places, Time now);
  void place_all(const std::map<CloudId, FakeWorkPlace>& places, Time now);
  void end_until(const std::map<CloudId, FakeWorkPlace>& places, Time now);
  void interrupt_lost(const std::map<CloudId, FakeWorkPlace>& places);

  std::vector<Piece> waiting_, running_;
  std::vector<Demand> asked_;
  std::map<CloudId, Time> last_end_;
  int finished_ = 0, interrupted_ = 0;
};

}  // namespace rayctl
