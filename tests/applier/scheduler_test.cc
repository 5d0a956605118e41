#include "applier/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace rayctl {
namespace {

using Outcome = StepResult::Outcome;

std::vector<Step> steps_of(const std::vector<std::vector<int>>& after) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < after.size(); ++i) {
    steps.push_back({.id = static_cast<int>(i), .action = ForgetNode{}, .after = after[i]});
  }
  return steps;
}

struct Runs {
  std::vector<StepResult> run(const std::vector<Step>& steps, int parallelism = 1,
                              std::stop_token stop = {}) {
    return perform_steps(
        steps, parallelism, std::move(stop),
        {.perform =
             [this](const Step& step) {
               const std::lock_guard lock(mutex);
               order.push_back(step.id);
               StepResult result{.step = step.id};
               if (failing.contains(step.id)) {
                 result.outcome = Outcome::kFailed;
                 result.error = permanent(ErrorCode::kInternal, "no " + std::to_string(step.id));
               }
               return result;
             },
         .unharmed = [this](const Step&, const Step& later) { return spared.contains(later.id); }});
  }
  std::mutex mutex;
  std::vector<int> order;
  std::set<int> failing, spared;
};

std::vector<Outcome> outcomes(const std::vector<StepResult>& results) {
  std::vector<Outcome> all;
  for (const StepResult& each : results)
    all.push_back(each.outcome);
  return all;
}

TEST(Scheduler, NothingToDo) {
  EXPECT_TRUE(Runs().run({}).empty());
}

TEST(Scheduler, LowestIdFirstOnceItsPredecessorsAreDone) {
  Runs runs;
  const auto results = runs.run(steps_of({{}, {}, {0}, {1}, {2, 3}}));
  EXPECT_EQ(runs.order, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(outcomes(results), std::vector<Outcome>(5, Outcome::kDone));
}

TEST(Scheduler, AFailureSkipsOnlyWhatComesAfterItAndNamesTheCause) {
  Runs runs;
  runs.failing = {0};
  const auto results = runs.run(steps_of({{}, {}, {0}, {1}, {2, 3}}));
  EXPECT_EQ(runs.order, (std::vector<int>{0, 1, 3}));
  EXPECT_EQ(outcomes(results),
            (std::vector<Outcome>{Outcome::kFailed, Outcome::kDone, Outcome::kSkipped,
                                  Outcome::kDone, Outcome::kSkipped}));
  EXPECT_EQ(results[4].error.message, "no 0");
}

TEST(Scheduler, SparedStepsGoOnAfterAPartialFailure) {
  Runs runs;
  runs.failing = {0};
  runs.spared = {2};
  EXPECT_EQ(
      outcomes(runs.run(steps_of({{}, {0}, {0}, {2}}))),
      (std::vector<Outcome>{Outcome::kFailed, Outcome::kSkipped, Outcome::kDone, Outcome::kDone}));
}

TEST(Scheduler, ALongChainIsSkippedWithoutRecursion) {
  std::vector<std::vector<int>> after(200'000);
  for (std::size_t i = 1; i < after.size(); ++i)
    after[i] = {static_cast<int>(i) - 1};
  Runs runs;
  runs.failing = {0};
  EXPECT_EQ(runs.run(steps_of(after)).back().outcome, Outcome::kSkipped);
}

TEST(Scheduler, IndependentStepsRunAtTheSameTimeUpToTheLimit) {
  std::atomic<int> now = 0, most = 0;
  const auto results =
      perform_steps(steps_of({{}, {}, {}, {}, {}, {}, {}, {}}), 3, {},
                    {.perform =
                         [&](const Step& step) {
                           const int running = ++now;
                           int seen = most;
                           while (seen < running && !most.compare_exchange_weak(seen, running)) {
                           }
                           std::this_thread::sleep_for(std::chrono::milliseconds(20));
                           --now;
                           return StepResult{.step = step.id};
                         },
                     .unharmed = [](const Step&, const Step&) { return false; }});
  EXPECT_EQ(results.size(), 8U);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 3);
}

TEST(Scheduler, ToldToStopItFinishesWhatIsInFlightAndBeginsNothing) {
  std::stop_source stop;
  const auto results = perform_steps(steps_of({{}, {}, {0}}), 1, stop.get_token(),
                                     {.perform =
                                          [&](const Step& step) {
                                            stop.request_stop();
                                            return StepResult{.step = step.id};
                                          },
                                      .unharmed = [](const Step&, const Step&) { return false; }});
  EXPECT_EQ(outcomes(results),
            (std::vector<Outcome>{Outcome::kDone, Outcome::kNotBegun, Outcome::kNotBegun}));
}

TEST(Scheduler, AnExceptionEndsTheRunAndComesOut) {
  int performed = 0;
  EXPECT_THROW(perform_steps(steps_of({{}, {}, {}}), 1, {},
                             {.perform = [&](const Step&) -> StepResult {
                                ++performed;
                                throw std::runtime_error("bug");
                              },
                              .unharmed = [](const Step&, const Step&) { return false; }}),
               std::runtime_error);
  EXPECT_EQ(performed, 1);
}

}  // namespace
}  // namespace rayctl
