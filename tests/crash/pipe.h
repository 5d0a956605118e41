#pragma once
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "applier/applier.h"
#include "planner/planner.h"
#include "tests/support/fake_world.h"
#include "tests/support/small_cluster.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {

/// The whole pipe on a fake world: refresh, plan, apply, with the records kept between runs.
class Pipe {
 public:
  explicit Pipe(int workers);

  Plan plan();
  /// Applies a plan; the report, or why it was refused.
  Result<ApplyReport> apply(const Plan& plan);
  /// Plans and applies once, and says whether the run was killed on the way.
  bool killed_in_apply();
  /// Plans and applies until a plan is empty, at most `most` times; "" or why that did not happen.
  std::string converge(int most = 1);
  /// What is wrong with the world or the records now that a plan is empty; "" if nothing is.
  std::string trouble();

  /// The same of what is beside machines, which is there as long as any are `wanted`.
  std::string trouble_beside(const Snapshot& now, bool wanted) const;

  /// From now on there is an empty store, with a lineage of its own.
  void lose_state();
  Snapshot records() { return *store.load(); }
  /// The set-up commands that were started, sorted, one entry per start.
  std::vector<std::string> set_up_lines();

  /// The set-up command that was started last on a machine.
  std::string last_set_up_line(const CloudId& machine) const;

  Desired desired;
  PlanOptions options;
  ApplyOptions apply_options{.parallelism = 1};
  FakeWorld fake;
  StateStoreFake store;
  int rounds = 0;  ///< applies that the last converge() took
};

/// A cluster as it is before a change, and the change.
struct Scenario {
  std::string name;
  int workers_before = -1;  ///< -1: nothing is there
  std::function<void(Pipe&)> change;

  std::string word() const;  ///< the name with _ for spaces
};
void PrintTo(const Scenario& scenario, std::ostream* out);

const std::vector<Scenario>& scenarios();
/// A world at the start of the scenario, with the change asked for and not yet applied.
std::unique_ptr<Pipe> start_of(const Scenario& scenario);
/// Asks for what was there before the change.
void take_back(const Scenario& scenario, Pipe& pipe);

}  // namespace rayctl
