#pragma once
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "applier/applier.h"
#include "autoscaler/fleet.h"
#include "model/plan.h"
#include "model/snapshot.h"

namespace rayctl {

/// What a run of a plan did wrong and right, as the next decision is told.
std::vector<Happened> happened_in(const Plan& plan, const ApplyReport& report,
                                  const Snapshot& records, Time now);

/// Applies one plan at a time beside the ticks. What it is doing can be left at any moment: what
/// was begun stays open and is gone on with by the next plan. All calls from one thread.
class Hands {
 public:
  /// Applies `plan`; `leave` is requested when it is to come to an end at once.
  using Apply = std::function<Result<ApplyReport>(const Plan& plan, std::stop_token leave)>;

  /// `beside`: in a thread of its own; else begin() returns when the plan is done.
  Hands(Apply apply, Clock& clock, bool beside)
      : apply_(std::move(apply)), clock_(clock), beside_(beside) {}
  ~Hands() { leave(); }
  Hands(const Hands&) = delete;
  Hands& operator=(const Hands&) = delete;

  /// Only while not busy().
  void begin(Plan plan);
  bool busy() const;
  /// Ends what is under way, within seconds.
  void leave();

  struct Done {
    Plan plan;
    Result<ApplyReport> report;
  };
  /// What has ended since the last call; nullopt if nothing has.
  std::optional<Done> take_done();

 private:
  const Apply apply_;
  Clock& clock_;
  const bool beside_;
  mutable std::mutex mutex_;
  bool busy_ = false;
  std::optional<Done> done_;
  std::stop_source leave_;
  std::jthread thread_;
};

}  // namespace rayctl
