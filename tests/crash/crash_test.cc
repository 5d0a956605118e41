#include <gtest/gtest.h>

#include <atomic>
#include <iostream>
#include <memory>
#include <random>

#include "tests/crash/pipe.h"

namespace rayctl {
namespace {

/// What an undisturbed run of a scenario does.
struct Undisturbed {
  int calls = 0, points = 0;
  std::size_t machines = 0;          ///< made in all
  std::vector<std::string> set_ups;  ///< commands started
};

Undisturbed measure(const Scenario& scenario) {
  Undisturbed result;
  const auto pipe = start_of(scenario);
  pipe->fake.mishap = [&](const std::string&) {
    ++result.calls;
    return Mishap::kNone;
  };
  pipe->fake.crash_point = [&](const std::string&, const Action&) { ++result.points; };
  EXPECT_FALSE(pipe->killed_in_apply());
  pipe->options.restart = false;
  EXPECT_EQ(pipe->converge(0), "") << scenario.name;
  result.machines = pipe->fake.machines.size();
  result.set_ups = pipe->set_up_lines();
  return result;
}

/// Does `what` to the `at`-th call, counted from 0.
auto nth(int at, Mishap what) {
  return [at, what, calls = std::make_shared<std::atomic<int>>(0)](const std::string&) {
    return (*calls)++ == at ? what : Mishap::kNone;
  };
}

struct Crash : testing::TestWithParam<Scenario> {
  /// After whatever was done to it, the cluster gets where it was going and nothing is left over.
  /// `applies`: how many it may take.
  void expect_convergence(Pipe& pipe, const Undisturbed& whole, const std::string& what,
                          int applies = 1) {
    // A restart that was asked for once is not asked for again: what is missing shows in the plan.
    pipe.options.restart = false;
    EXPECT_EQ(pipe.converge(applies), "") << GetParam().name << ", " << what;
    EXPECT_EQ(pipe.fake.machines.size(), whole.machines) << GetParam().name << ", " << what;
    EXPECT_EQ(pipe.set_up_lines(), whole.set_ups) << GetParam().name << ", " << what;
    more_rounds += pipe.rounds > 1 ? 1 : 0;
    ++tried;
  }
  void TearDown() override {
    std::cout << "  " << GetParam().name << ": " << tried << " points tried";
    if (more_rounds > 0) std::cout << ", " << more_rounds << " of them took a second apply";
    std::cout << "\n";
  }
  int tried = 0, more_rounds = 0;
};

INSTANTIATE_TEST_SUITE_P(Scenarios, Crash, testing::ValuesIn(scenarios()),
                         [](const auto& each) { return each.param.word(); });

TEST_P(Crash, KilledAtEveryPointOfTheJournal) {
  const Undisturbed whole = measure(GetParam());
  ASSERT_GT(whole.points, 0);
  for (int at = 0; at < whole.points; ++at) {
    const auto pipe = start_of(GetParam());
    int points = 0;
    std::string where;
    pipe->fake.crash_point = [&](const std::string& point, const Action& action) {
      if (points++ != at) return;
      where = point + " of " + verb_of(action);
      pipe->fake.kill();
      throw Killed{};
    };
    ASSERT_TRUE(pipe->killed_in_apply());
    expect_convergence(*pipe, whole, "killed at " + where);
    if (HasFailure()) return;
  }
}

TEST_P(Crash, KilledBeforeAndAfterEveryCall) {
  const Undisturbed whole = measure(GetParam());
  for (int at = 0; at < whole.calls; ++at) {
    for (const Mishap kill : {Mishap::kKillBefore, Mishap::kKillAfter}) {
      const auto pipe = start_of(GetParam());
      pipe->fake.mishap = nth(at, kill);
      ASSERT_TRUE(pipe->killed_in_apply());
      expect_convergence(*pipe, whole,
                         std::string("killed ") +
                             (kill == Mishap::kKillBefore ? "before" : "after") + " call " +
                             std::to_string(at));
      if (HasFailure()) return;
    }
  }
}

TEST_P(Crash, KilledAndThenTakenBack) {
  // What was begun of a change is undone when the old file is wanted again.
  const Undisturbed whole = measure(GetParam());
  for (int at = 0; at < whole.calls; ++at) {
    for (const Mishap mishap : {Mishap::kKillAfter, Mishap::kLostAfter, Mishap::kRefused}) {
      const auto pipe = start_of(GetParam());
      pipe->fake.mishap = nth(at, mishap);
      EXPECT_EQ(pipe->killed_in_apply(), mishap == Mishap::kKillAfter);
      take_back(GetParam(), *pipe);
      const std::string what = "disturbed at call " + std::to_string(at) + ", taken back";
      EXPECT_EQ(pipe->converge(2), "") << GetParam().name << ", " << what;
      ++tried;
      if (HasFailure()) return;
    }
  }
}

TEST_P(Crash, KilledAndTheStateLost) {
  // What the machines' tags say is enough, also when the change is taken back.
  const Undisturbed whole = measure(GetParam());
  for (int at = 0; at < whole.calls; ++at) {
    for (const bool back : {false, true}) {
      const auto pipe = start_of(GetParam());
      pipe->fake.mishap = nth(at, Mishap::kKillAfter);
      ASSERT_TRUE(pipe->killed_in_apply());
      pipe->lose_state();
      pipe->options.restart = false;
      if (back) take_back(GetParam(), *pipe);
      EXPECT_EQ(pipe->converge(2), "")
          << GetParam().name << ", killed at call " << at << (back ? ", taken back" : "");
      ++tried;
      if (HasFailure()) return;
    }
  }
}

TEST_P(Crash, TheAnswerOfEveryCallIsLost) {
  const Undisturbed whole = measure(GetParam());
  for (int at = 0; at < whole.calls; ++at) {
    for (const Mishap lost : {Mishap::kLostBefore, Mishap::kLostAfter}) {
      const auto pipe = start_of(GetParam());
      pipe->fake.mishap = nth(at, lost);
      EXPECT_FALSE(pipe->killed_in_apply());
      expect_convergence(*pipe, whole,
                         std::string("lost ") + (lost == Mishap::kLostBefore ? "before" : "after") +
                             " call " + std::to_string(at));
      if (HasFailure()) return;
    }
  }
}

TEST_P(Crash, AllAnswersOfAKindAreLostForAWholeApply) {
  const Undisturbed whole = measure(GetParam());
  for (const std::string kind :
       {"create", "set_tags", "terminate", "list", "start", "status", "stop", "sync", "put", "run",
        "output", "view", "drain", "make_resource", "remove_resource"}) {
    for (const Mishap lost : {Mishap::kLostBefore, Mishap::kLostAfter, Mishap::kThrottled}) {
      const auto pipe = start_of(GetParam());
      pipe->fake.mishap = [&](const std::string& call) {
        return call == kind ? lost : Mishap::kNone;
      };
      EXPECT_FALSE(pipe->killed_in_apply());
      expect_convergence(*pipe, whole, "all answers of " + kind);
      if (HasFailure()) return;
    }
  }
}

TEST_P(Crash, KilledTwice) {
  const Undisturbed whole = measure(GetParam());
  std::mt19937 random(20260102);
  const auto some = [&](int most) {
    return std::uniform_int_distribution<int>(0, most - 1)(random);
  };
  for (int i = 0; i < 150; ++i) {
    const auto pipe = start_of(GetParam());
    std::string what = "killed after calls";
    for (int kill = 0; kill < 2; ++kill) {
      const int at = some(whole.calls);
      what += " " + std::to_string(at);
      pipe->fake.mishap = nth(at, i % 2 == 0 ? Mishap::kKillAfter : Mishap::kKillBefore);
      (void)pipe->killed_in_apply();
      pipe->options.restart = false;
    }
    expect_convergence(*pipe, whole, what, 2);
    if (HasFailure()) return;
  }
}

TEST_P(Crash, KilledWithSeveralStepsInFlight) {
  const Undisturbed whole = measure(GetParam());
  std::mt19937 random(20260103);
  for (int i = 0; i < 60; ++i) {
    const auto pipe = start_of(GetParam());
    pipe->apply_options.parallelism = 4;
    const int at = std::uniform_int_distribution<int>(0, whole.calls - 1)(random);
    pipe->fake.mishap = nth(at, i % 2 == 0 ? Mishap::kKillAfter : Mishap::kKillBefore);
    (void)pipe->killed_in_apply();
    expect_convergence(*pipe, whole, "killed at call " + std::to_string(at));
    if (HasFailure()) return;
  }
}

TEST_P(Crash, KilledWhereMachinesAreListedLate) {
  const Undisturbed whole = measure(GetParam());
  for (int at = 0; at < whole.points; ++at) {
    const auto pipe = start_of(GetParam());
    pipe->fake.rules.list_lag = Millis{30'000};
    pipe->fake.rules.boot = Millis{20'000};
    pipe->fake.rules.stopping = Millis{10'000};
    int points = 0;
    pipe->fake.crash_point = [&](const std::string&, const Action&) {
      if (points++ != at) return;
      pipe->fake.kill();
      throw Killed{};
    };
    ASSERT_TRUE(pipe->killed_in_apply());
    // What is not listed yet, or not gone yet, is left to the next apply.
    expect_convergence(*pipe, whole, "killed at point " + std::to_string(at), 2);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace rayctl
