#pragma once
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "cli/autoscale/cluster_lease.h"
#include "tests/autoscale/loop_world.h"

namespace rayctl {

/// What happened in chaotic lives.
struct ChaosCounts {
  int ticks = 0, decisions = 0, kills = 0, errors = 0, left = 0, applies = 0, yields = 0;
  int jumps = 0, gcs_outages = 0, head_restarts = 0, machines_taken = 0, deaf = 0, lost_books = 0;
  int launched = 0, removed = 0, failed_set_ups = 0, tasks = 0;
  ChaosCounts& operator+=(const ChaosCounts& other);
};
std::string in_words(const ChaosCounts& counts);

/// The lease's file on the head, whose clock is right.
class LeaseFile final : public SharedFile {
 public:
  explicit LeaseFile(Clock& clock) : clock_(clock) {}
  Result<SharedText> read(Time) override { return look(); }
  Result<Swapped> swap(const std::optional<std::string>& expected, std::string_view wanted, Time,
                       bool keep_age) override;

 private:
  SharedText look() const { return {text_, clock_.now() - changed_}; }
  Clock& clock_;
  std::optional<std::string> text_;
  Time changed_{};
};

/// A cluster, its loop and an operator in a world where everything that can go wrong does, as one
/// seed has it. Whatever must hold at any moment is checked all the time.
class Chaos {
 public:
  explicit Chaos(unsigned seed);
  ~Chaos();

  /// So many ticks of trouble.
  void rage(int ticks);
  /// No more trouble: what waits is served, the idle ones go, and everybody agrees.
  void settle();

  ChaosCounts counts;

 private:
  bool chance(double share);
  int draw(int below);

  Mishap mishap(const std::string& call);
  void crash_point(const std::string& point, const Action& action);
  std::string doing();
  void change_weather();
  void change_work();
  void strike();
  void tick();
  void operate();
  void note_new_machines();
  void check_decision(const Ticked& tick);
  void check_world();
  void check_launches();

  LoopWorld world_;
  std::mt19937 random_;
  /// Lists omit new machines, or else the loop's clock is set: how old a machine is that no list
  /// shows, only a clock can say.
  const bool lists_lag_;
  LeaseFile file_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<Turn> turn_;
  std::unique_ptr<Lease> operator_;  ///< while one waits or works
  int loops_ = 0;
  bool calm_ = true;    ///< nothing fails
  double flaky_ = 0;    ///< share of calls that fail
  std::string outage_;  ///< a kind of call that always fails
  bool no_set_up_ = false;
  double deaf_ = 0;    ///< share of new machines
  int kill_in_ = -1;   ///< calls and points until a kill; -1: none
  int leave_in_ = -1;  ///< points until what is under way is left
  bool head_broken_ = false;
  std::string mending_;      ///< what the last apply of the operator failed at
  std::set<CloudId> known_;  ///< machines that were looked at
  int impossible_ = 0;       ///< tasks that no node can hold
};

}  // namespace rayctl
