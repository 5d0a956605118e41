#include <random>

#include "tests/aws_ec2/launch_world.h"

namespace rayctl::aws {
namespace {

/// Thrown where the program dies.
struct Killed {};

/// Dies at the n-th moment of a launch that matters: before and after each write of the journal and
/// each call.
class Reaper {
 public:
  explicit Reaper(LaunchWorld& world) {
    const auto moment = [this] {
      if (left_ > 0 && --left_ == 0) throw Killed{};
    };
    const auto call = [moment](const std::string& action) {
      if (!action.starts_with("Describe")) moment();
    };
    world.before_journal = world.after_journal = moment;
    world.ec2.before = world.ec2.after = call;
  }
  void kill_at(int moment) { left_ = moment; }

 private:
  int left_ = -1;
};

// Launches until one comes to an end, each time as the program that was killed would be started
// anew, or as the applier would ask again.
Result<std::vector<CloudNode>> to_the_end(LaunchWorld& world, Reaper& reaper, int count,
                                          std::mt19937& random) {
  for (int deaths = static_cast<int>(random() % 3);; --deaths) {
    reaper.kill_at(deaths > 0 ? static_cast<int>(1 + random() % 10) : -1);
    try {
      for (int tries = 0; tries < 20; ++tries) {
        Result<std::vector<CloudNode>> made = world.launch(count);
        if (made || made.error().fault == Fault::kPermanent) return made;
      }
      return permanent(ErrorCode::kInternal, "no end");
    } catch (const Killed&) {
      world.restart();
    }
  }
}

TEST(LaunchCrash, NothingIsMadeTwiceAndNothingIsLost) {
  int deaths_with_effect = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    LaunchWorld world;
    world.settings.spot_fallback = true;
    world.restart();
    world.config["InstanceMarketOptions"] = {{"MarketType", "spot"}};
    world.ec2.lag = static_cast<int>(random() % 3);
    std::size_t there = 0;
    for (const char* zone : {"us-west-2a", "us-west-2b", "us-west-2c"}) {
      for (const char* market : {"spot", "on-demand"})
        there += static_cast<std::size_t>(world.ec2.capacity[{zone, market}] =
                                              static_cast<int>(random() % 3));
    }
    world.ec2.loses = [&](const std::string& action) {
      return action == "RunInstances" && random() % 4 == 0;
    };
    const int count = static_cast<int>(1 + random() % 6);
    Reaper reaper(world);
    const auto made = to_the_end(world, reaper, count, random);
    const std::size_t wanted = std::min(there, static_cast<std::size_t>(count));
    const std::set<std::string> living = living_ids(world.ec2);
    EXPECT_EQ(living.size(), wanted) << "seed " << seed;
    EXPECT_EQ(made.ok(), wanted > 0) << "seed " << seed << (made ? "" : made.error().message);
    EXPECT_EQ(made ? ids_of(*made) : std::set<std::string>{}, living) << "seed " << seed;
    for (const LaunchAttempt& attempt : world.journal["op"])
      EXPECT_TRUE(attempt.made) << "seed " << seed << ": " << attempt.what;
    deaths_with_effect += world.ec2.launches.size() > world.journal["op"].size() ? 1 : 0;
  }
  EXPECT_GT(deaths_with_effect, 20) << "the rounds must repeat calls, or they prove nothing";
}

TEST(LaunchCrash, StoppedMachinesAreStartedOnce) {
  for (int moment = 1; moment <= 16; ++moment) {
    LaunchWorld world;
    world.settings.cache_stopped = true;
    world.restart();
    const auto first = world.launch(2, "first");
    ASSERT_TRUE(first);
    for (const CloudNode& node : *first)
      ASSERT_TRUE(world.ending->release(node.id, world.soon()));
    Reaper reaper(world);
    reaper.kill_at(moment);
    try {
      ASSERT_TRUE(world.launch(3, "second"));
    } catch (const Killed&) {
      world.restart();
      ASSERT_TRUE(world.launch(3, "second"));
    }
    EXPECT_EQ(world.ec2.living().size(), 3U) << moment;
    EXPECT_EQ(world.ec2.machines.size(), 3U) << moment;
  }
}

}  // namespace
}  // namespace rayctl::aws
