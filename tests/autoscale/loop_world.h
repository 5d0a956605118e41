#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/autoscale/loop.h"
#include "planner/planner.h"
#include "tests/support/fake_world.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {

/// The only one who works on its cluster: no lease.
class AlwaysMine final : public Turn {
 public:
  Say ask() override { return Say::kMine; }
  Result<> may_begin() override { return {}; }
  std::string holder() override { return ""; }
  void give_back() override {}
};

/// Books in memory, which outlive the loop that keeps them.
class BooksFake final : public Books {
 public:
  Memory memory() override { return memory_; }
  void keep(const Ticked& tick, const Config& config) override;
  Pause pause() override { return held; }
  void show(const LoopStatus& status) override { shown = status; }
  void log(Time, const std::string& line) override { lines.push_back(line); }
  /// The next loop finds none.
  void lose() { memory_ = {}; }

  Pause held;
  int ticks = 0;  ///< decisions
  Ticked last;
  LoopStatus shown;
  std::vector<std::string> lines;
  std::function<void(const Ticked&)> on_keep;

 private:
  Memory memory_;
};

/// The clock of the loop's machine: true time, and by how much it is wrong.
class LoopClock final : public Clock {
 public:
  explicit LoopClock(Clock& truth) : truth_(truth) {}
  Time now() const override { return truth_.now() + wrong; }
  bool sleep(Millis duration, std::stop_token stop) override {
    return truth_.sleep(duration, std::move(stop));
  }
  Millis wrong{0};

 private:
  Clock& truth_;
};

/// A cluster of a head without CPUs, of "small" (2 CPU, 1 to 3), "big" (8 CPU, up to 2) and "gpu"
/// (4 CPU and 1 GPU, up to 2), at most 5 workers, idle after a minute: on a fake world, with a loop
/// that minds it. What a loop does is done when its tick returns.
class LoopWorld {
 public:
  LoopWorld();

  /// A loop that knows nothing but the store and the books. Ticks start one where none is.
  void start();
  /// Drops the loop as a kill does.
  void drop() { loop_.reset(); }
  /// One round of the loop; false: it was killed on the way, and is dropped.
  bool tick();
  /// Turns true time by `step` before each of so many ticks.
  void ticks(int count, Millis step = Millis{5'000});
  /// Ticks until `done`; false if that takes more than so many.
  bool ticks_until(int most, const std::function<bool()>& done, Millis step = Millis{5'000});
  /// An operator's apply of the config, with the counts that the cluster has.
  Result<ApplyReport> apply();

  Snapshot records() { return *store.load(); }
  /// Living machines, by type; without the head.
  std::map<NodeTypeName, int> workers();
  /// How machines, records and Ray disagree now; "" if they agree and nothing is left open.
  std::string disagreement();
  /// What Ray was last told by its autoscaler; a test that asks before fails hard.
  const AutoscalerReport& reported() { return fake.gcs.report.value(); }

  FakeWorld fake;
  LoopClock clock{fake.clock};
  StateStoreFake store;
  Config config;
  BooksFake books;
  AlwaysMine always;
  Turn* turn = &always;
  std::vector<std::string> said;          ///< to drivers, by all loops
  std::vector<Plan> plans;                ///< that were applied
  std::stop_source* under_way = nullptr;  ///< tells the plan that is applied to be left
  Hands::Apply beside;                    ///< set: plans go to it, in a thread of their own
  Result<> desire_fails;                  ///< an Error: the goal cannot be read

 private:
  Result<Desired> desire(const Scale& scale) const;
  Result<ApplyReport> perform(const Plan& plan);

  World world_;
  std::unique_ptr<AutoscaleLoop> loop_;
};

}  // namespace rayctl
