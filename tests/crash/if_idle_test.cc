#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "tests/crash/pipe.h"

namespace rayctl {
namespace {

constexpr Millis kLong{3'600'000};

/// Three workers, two of which are to go for idleness.
std::unique_ptr<Pipe> two_to_go() {
  auto pipe = std::make_unique<Pipe>(3);
  EXPECT_EQ(pipe->converge(1), "");
  pipe->fake.clock.turn(kLong);
  pipe->desired.want.at({"small"}) = 1;
  pipe->desired.release = pipe->desired.if_idle = {{"small-2"}, {"small-3"}};
  return pipe;
}

/// Work comes to every worker that Ray still has; their machines.
std::set<CloudId> work_comes(Pipe& pipe) {
  const Result<RayView> ray = make_fake_ray(pipe.fake, {"i-100"})->view({});
  EXPECT_TRUE(ray.ok());
  std::set<CloudId> busy;
  for (const auto& [id, node] : ray->nodes) {
    if (node.state != RayNode::State::kAlive || id == CloudId{"i-100"}) continue;
    pipe.fake.machines.at(id).busy_until = pipe.fake.clock.now() + kLong;
    busy.insert(id);
  }
  return busy;
}

// Whatever was begun before the work came, a machine in use does not end for idleness.
TEST(IfIdle, NoMachineThatIsInUseEndsAfterADisturbedApply) {
  int calls = 0;
  {
    const auto pipe = two_to_go();
    pipe->fake.mishap = [&](const std::string&) {
      ++calls;
      return Mishap::kNone;
    };
    EXPECT_FALSE(pipe->killed_in_apply());
    EXPECT_EQ(pipe->fake.living().size(), 2U);
  }
  ASSERT_GT(calls, 0);
  std::size_t spared = 0;
  for (int at = 0; at < calls; ++at) {
    for (const Mishap mishap :
         {Mishap::kKillBefore, Mishap::kKillAfter, Mishap::kLostAfter, Mishap::kRefused}) {
      const auto pipe = two_to_go();
      pipe->fake.mishap = [&, call = 0](const std::string&) mutable {
        return call++ == at ? mishap : Mishap::kNone;
      };
      (void)pipe->killed_in_apply();
      const std::set<CloudId> busy = work_comes(*pipe);
      for (int round = 0; round < 2; ++round)
        (void)pipe->apply(pipe->plan());
      const std::vector<CloudId> living = pipe->fake.living();
      for (const CloudId& id : busy) {
        EXPECT_EQ(std::count(living.begin(), living.end(), id), 1)
            << id.text << " ended, disturbed at call " << at;
        EXPECT_FALSE(pipe->fake.machines.at(id).drained_at) << id.text;
      }
      spared += busy.size() - 1;
    }
  }
  std::cout << "  " << calls * 4 << " disturbed applies, " << spared << " nodes spared\n";
  EXPECT_GT(spared, 0U);
}

}  // namespace
}  // namespace rayctl
