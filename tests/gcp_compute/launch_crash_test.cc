#include <atomic>
#include <mutex>
#include <random>

#include "tests/gcp_compute/launch_world.h"

namespace rayctl::gcp {
namespace {

/// Thrown where the program dies.
struct Killed {};

/// Dies at the n-th moment of a launch that matters: before and after each write of the journal and
/// each call that changes something or waits.
class Reaper {
 public:
  explicit Reaper(LaunchWorld& world) {
    const auto moment = [this] {
      if (left_ > 0 && --left_ == 0) throw Killed{};
    };
    const auto call = [moment](const std::string& id) {
      if (!id.ends_with("List") && !id.ends_with("get")) moment();
    };
    world.before_journal = world.after_journal = moment;
    world.gce.before = world.gce.after = call;
  }
  void kill_at(int moment) { left_ = moment; }

 private:
  std::atomic<int> left_ = -1;
};

// Launches until one comes to an end, each time as the program that was killed would be started
// anew, or as the applier would ask again.
Result<std::vector<CloudNode>> to_the_end(LaunchWorld& world, Reaper& reaper, int count,
                                          std::mt19937& random) {
  for (int deaths = static_cast<int>(random() % 3);; --deaths) {
    reaper.kill_at(deaths > 0 ? static_cast<int>(1 + random() % 30) : -1);
    try {
      for (int tries = 0; tries < 60; ++tries) {
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
  std::size_t repeated = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    LaunchWorld world;
    world.settings.spot_fallback = true;
    world.restart();
    world.plan.node_config["scheduling"] = {{"preemptible", true}};
    world.gce.lag = static_cast<int>(random() % 3);
    std::size_t there = 0;
    for (const char* zone : {"us-west1-a", "us-west1-b", "us-west1-c"}) {
      for (const char* market : {"spot", "on-demand"})
        there += static_cast<std::size_t>(world.gce.capacity[{zone, market}] =
                                              static_cast<int>(random() % 3));
    }
    std::mutex mutex;
    std::set<std::string> lost;
    world.gce.loses = [&](const Call& call) {
      if (call.id != "compute.instances.insert") return false;
      const std::string& request = call.query.at("requestId");
      const std::lock_guard lock(mutex);
      return (static_cast<unsigned>(request.back()) + seed) % 4 == 0 && lost.insert(request).second;
    };
    const int count = static_cast<int>(1 + random() % 6);
    Reaper reaper(world);
    const auto made = to_the_end(world, reaper, count, random);
    const std::size_t wanted = std::min(there, static_cast<std::size_t>(count));
    const std::set<std::string> living = living_ids(world.gce);
    EXPECT_EQ(living.size(), wanted) << "seed " << seed;
    EXPECT_EQ(made.ok(), wanted > 0) << "seed " << seed << (made ? "" : made.error().message);
    EXPECT_EQ(made ? ids_of(*made) : std::set<std::string>{}, living) << "seed " << seed;
    std::set<std::string> names;
    for (const FakeGce::Machine& machine : world.gce.living())
      names.insert(machine.labels.at(kTagNode));
    EXPECT_EQ(names.size(), living.size()) << "each for a node of its own, seed " << seed;
    for (const LaunchAttempt& attempt : world.journal["op"])
      EXPECT_TRUE(attempt.made) << "seed " << seed << ": " << attempt.what;
    std::set<std::string> asked;
    for (const Call& insert : world.gce.inserts)
      repeated += asked.insert(insert.query.at("requestId")).second ? 0U : 1U;
  }
  EXPECT_GT(repeated, 100U) << "the rounds must repeat calls, or they prove nothing";
}

TEST(LaunchCrash, StoppedMachinesAreStartedOnce) {
  for (int moment = 1; moment <= 24; ++moment) {
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
    EXPECT_EQ(world.gce.living().size(), 3U) << moment;
    EXPECT_EQ(world.gce.machines.size(), 3U) << moment;
  }
}

}  // namespace
}  // namespace rayctl::gcp
