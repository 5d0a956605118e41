#include "applier/scheduler.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace rayctl {
namespace {

class Schedule {
 public:
  Schedule(const std::vector<Step>& steps, std::stop_token stop, const StepHooks& hooks)
      : steps_(steps),
        stop_(std::move(stop)),
        hooks_(hooks),
        results_(steps.size()),
        waits_for_(steps.size(), 0),
        followers_(steps.size()) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      results_[i].step = steps[i].id;
      results_[i].outcome = StepResult::Outcome::kNotBegun;
      waits_for_[i] = steps[i].after.size();
      for (const int before : steps[i].after)
        followers_.at(index(before)).push_back(i);
      if (steps[i].after.empty()) ready_.insert(i);
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !ready_.empty() || in_flight_ == 0 || halted(); });
      if (ready_.empty() || halted()) break;
      const std::size_t next = *ready_.begin();
      ready_.erase(ready_.begin());
      ++in_flight_;
      lock.unlock();
      StepResult result;
      std::exception_ptr thrown;
      try {
        result = hooks_.perform(steps_[next]);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      --in_flight_;
      if (thrown && !thrown_) thrown_ = thrown;
      if (!thrown) settle(next, std::move(result));
      changed_.notify_all();
    }
  }

  std::vector<StepResult> results() {
    if (thrown_) std::rethrow_exception(thrown_);
    return std::move(results_);
  }

 private:
  static std::size_t index(int id) { return static_cast<std::size_t>(id); }
  bool halted() const { return stop_.stop_requested() || thrown_; }

  void settle(std::size_t first, StepResult result) {
    results_[first] = std::move(result);
    std::vector<std::size_t> settled{first};
    while (!settled.empty()) {
      const std::size_t at = settled.back();
      settled.pop_back();
      for (const std::size_t follower : followers_[at]) {
        if (results_[follower].outcome == StepResult::Outcome::kSkipped) continue;
        if (lets_go_on(at, follower)) {
          if (--waits_for_[follower] == 0) ready_.insert(follower);
          continue;
        }
        results_[follower].outcome = StepResult::Outcome::kSkipped;
        results_[follower].error = reason(steps_[at], steps_[follower], results_[at].error);
        settled.push_back(follower);
      }
    }
  }

  // Why a step is skipped: what failed, or whose set-up was to show that this one's is sound.
  static Error reason(const Step& failed, const Step& later, Error error) {
    const auto* first = std::get_if<SetUpNode>(&failed.action);
    const std::vector<NodeName> nodes = nodes_of(later.action);
    if (first == nullptr || nodes.empty() || nodes.front() == first->node) return error;
    error.message = "not begun: set-up goes to " + first->node.text +
                    " first, and failed there: " + error.message;
    return error;
  }

  bool lets_go_on(std::size_t at, std::size_t follower) const {
    if (results_[at].outcome == StepResult::Outcome::kDone) return true;
    return results_[at].outcome == StepResult::Outcome::kFailed &&
           hooks_.unharmed(steps_[at], steps_[follower]);
  }

  const std::vector<Step>& steps_;
  const std::stop_token stop_;
  const StepHooks& hooks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StepResult> results_;
  std::vector<std::size_t> waits_for_;
  std::vector<std::vector<std::size_t>> followers_;
  std::set<std::size_t> ready_;
  int in_flight_ = 0;
  std::exception_ptr thrown_;
};

}  // namespace

std::vector<StepResult> perform_steps(const std::vector<Step>& steps, int parallelism,
                                      std::stop_token stop, const StepHooks& hooks) {
  Schedule schedule(steps, std::move(stop), hooks);
  const std::size_t most = static_cast<std::size_t>(std::max(parallelism, 1));
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(most, steps.size()); ++i) {
      threads.emplace_back([&schedule] { schedule.work(); });
    }
  }
  return schedule.results();
}

}  // namespace rayctl
