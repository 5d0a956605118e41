#pragma once
#include <map>
#include <mutex>
#include <set>

#include "applier/run.h"

namespace rayctl {

/// Does single steps: precondition, begin, act, finish. Thread-safe.
class Performer {
 public:
  explicit Performer(Run& run) : run_(run) {}

  StepResult perform(const Step& step);
  /// Whether `later` may begin although the launch `failed` fell short: all of its nodes are among
  /// those that were made.
  bool unharmed(const Step& failed, const Step& later) const;

 private:
  Result<> check(const Step& step);
  Result<> act_and_finish(const Step& step);
  /// Records a failure; an operation whose outcome is not known stays open.
  Error close_failed(const Step& step, const OpToken& token, Error error);
  Result<> finish(const Step& step, const OpToken& token, Effect effect);

  Run& run_;
  mutable std::mutex mutex_;
  std::map<int, std::set<NodeName>> missing_;  // per launch that fell short
};

}  // namespace rayctl
