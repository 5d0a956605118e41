#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "cli/autoscale/lease.h"
#include "tests/cli/lease_world.h"

namespace rayctl {
namespace {

/// An effect that was let begin, in true time.
struct Effect {
  std::string party;
  Time begun, ends;
};

struct Party {
  Party(LeaseWorld& world, std::mt19937& random, LeaseParty self, Millis skew, Lease::Gone gone)
      : clock(world, skew),
        file(world, &random),
        lease(std::make_unique<Lease>(file, std::move(self), clock, std::move(gone))) {}
  SkewedClock clock;
  ShakyFile file;
  std::unique_ptr<Lease> lease;
  bool dead = false;
};

/// Any order of steps of several parties, with clocks that differ by seconds, connections that
/// break and processes that are killed at any point.
class LeaseRace {
 public:
  explicit LeaseRace(unsigned seed) : random_(seed) {
    for (int i = 0; i < 4; ++i)
      born();
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i)
      step();
  }
  /// Nothing that happened shuts the cluster for good.
  void expect_free_in_the_end() {
    world_.now += kLongestEffect + kLeaseMargin;
    SkewedClock clock(world_);
    ShakyFile file(world_);
    Lease last(file, {"last", "last", LeaseKind::kOperator, "0.5", ""}, clock);
    EXPECT_TRUE(last.take(Millis{0}, {}));
  }
  int effects = 0, taken = 0, yields = 0, kills = 0;

 private:
  void born() {
    const std::string id = "p" + std::to_string(parties_.size());
    const bool person = draw(3) == 0;
    LeaseParty self{id, id, person ? LeaseKind::kOperator : LeaseKind::kAutoscaler,
                    person || draw(4) != 0 ? "0.4" : "0.5", id};
    const bool sees_processes = draw(2) == 0;
    parties_.push_back(std::make_unique<Party>(
        world_, random_, self, Millis{static_cast<int>(draw(10'000)) - 5'000},
        [this, sees_processes](const LeaseRecord& holder) {
          return sees_processes && parties_[std::stoul(holder.id.substr(1))]->dead;
        }));
  }

  void step() {
    world_.now += Millis{draw(20) == 0 ? draw(20'000) : draw(700)};
    std::size_t who = 0;
    do {
      who = draw(static_cast<unsigned>(parties_.size()));
    } while (parties_[who]->dead && parties_[who]->file.late.empty());
    Party& party = *parties_[who];
    // What is on its way arrives even after its sender died.
    if (!party.file.late.empty() && draw(2) == 0) {
      party.file.late.front()();
      party.file.late.pop_front();
    }
    if (party.dead) return;
    const std::string& name = party.lease->party().id;
    switch (draw(12)) {
      case 0:
        if (draw(12) == 0) kill(party, name);
        return;
      case 1:
        if (!working(name)) (void)party.lease->release();
        return;
      case 2:
        if (draw(10) == 0) (void)party.lease->end();
        return;
      case 3:
      case 4:
        take(party);
        return;
      case 5:
      case 6:
      case 7: {
        const Result<LeaseWish> wish = party.lease->beat();
        if (wish && (*wish == LeaseWish::kYield || *wish == LeaseWish::kEnd)) {
          ++yields;
          if (!working(name)) (void)party.lease->release();
        }
        return;
      }
      default:
        begin(party, name);
    }
  }

  void take(Party& party) {
    const Result<LeaseAnswer> answer = party.lease->try_take();
    if (answer && *answer == LeaseAnswer::kTaken) ++taken;
    const auto seen = party.lease->seen();
    // A person who waits leaves a mark.
    if (seen && party.lease->party().kind == LeaseKind::kOperator && answer &&
        *answer == LeaseAnswer::kHeld) {
      if (const auto asked = ask_lease(*seen, party.lease->party()))
        world_.swap(encode(*seen), encode(*asked), true);
    }
  }

  void begin(Party& party, const std::string& name) {
    const Time ends = party.clock.now() + Millis{draw(8) == 0 ? draw(60'000) : draw(10'000)};
    if (!party.lease->still_mine(ends)) return;
    for (const Effect& other : effects_) {
      EXPECT_TRUE(other.party == name || other.ends <= world_.now)
          << name << " begins at " << format_time(world_.now) << " while " << other.party
          << " works until " << format_time(other.ends) << "\n"
          << *world_.text;
    }
    effects_.push_back({name, world_.now, party.clock.in_truth(ends)});
    ++effects;
  }

  void kill(Party& party, const std::string& name) {
    party.dead = true;
    ++kills;
    for (Effect& effect : effects_) {
      if (effect.party == name) effect.ends = std::min(effect.ends, world_.now);
    }
    born();
  }

  bool working(const std::string& name) const {
    for (const Effect& effect : effects_) {
      if (effect.party == name && effect.ends > world_.now) return true;
    }
    return false;
  }
  unsigned draw(unsigned below) { return static_cast<unsigned>(random_()) % below; }

  std::mt19937 random_;
  LeaseWorld world_;
  std::vector<std::unique_ptr<Party>> parties_;
  std::vector<Effect> effects_;
};

TEST(LeaseRaceTest, NeverTwoHoldersWhateverHappens) {
  int effects = 0, taken = 0, yields = 0, kills = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    LeaseRace race(seed);
    race.run(500);
    race.expect_free_in_the_end();
    if (HasFailure()) return;
    effects += race.effects;
    taken += race.taken;
    yields += race.yields;
    kills += race.kills;
  }
  // The test says something only if all of this happened often.
  EXPECT_GT(effects, 10'000);
  EXPECT_GT(taken, 2'000);
  EXPECT_GT(yields, 500);
  EXPECT_GT(kills, 500);
  std::printf("%d effects, %d takes, %d yields, %d kills\n", effects, taken, yields, kills);
}

}  // namespace
}  // namespace rayctl
