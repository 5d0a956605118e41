#include "tests/autoscale/chaos.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

constexpr char kSetUp[] = "install";
const CloudId kHead{"i-100"};

}  // namespace

Mishap Chaos::mishap(const std::string& call) {
  note_new_machines();
  if (calm_) return Mishap::kNone;
  // Lists are made in threads of their own; a kill there is one just before or after.
  if (call != "list" && kill_in_ >= 0 && kill_in_-- == 0) {
    ++counts.kills;
    return chance(0.5) ? Mishap::kKillBefore : Mishap::kKillAfter;
  }
  if (call != outage_ && !chance(flaky_)) return Mishap::kNone;
  ++counts.errors;
  constexpr Mishap kFailures[] = {Mishap::kLostBefore, Mishap::kLostAfter, Mishap::kThrottled,
                                  Mishap::kRefused};
  return kFailures[draw(4)];
}

void Chaos::note_new_machines() {
  for (auto& [id, machine] : world_.fake.machines) {
    if (!known_.insert(id).second || id == kHead) continue;
    ++counts.launched;
    if (calm_ || !chance(deaf_)) continue;
    (chance(0.5) ? machine.deaf : machine.mute) = true;
    ++counts.deaf;
  }
}

void Chaos::crash_point(const std::string& point, const Action& action) {
  if (const auto* end = std::get_if<TerminateNode>(&action)) {
    if (point == "begin:before") {
      world_.fake.settle();
      EXPECT_FALSE(world_.fake.work.busy(end->id))
          << end->node.text << " ends with work on it: " << doing();
      EXPECT_NE(end->id, kHead);
    }
    if (point == "finish:after") ++counts.removed;
  }
  if (calm_) return;
  if (leave_in_ >= 0 && leave_in_-- == 0 && world_.under_way) {
    world_.under_way->request_stop();
    ++counts.left;
  }
  if (kill_in_ >= 0 && kill_in_-- == 0) {
    ++counts.kills;
    world_.fake.kill();
    throw Killed{};
  }
}

void Chaos::change_weather() {
  FakeRules& rules = world_.fake.rules;
  const bool was_down = rules.gcs_down;
  rules = {};
  rules.gcs_down = was_down ? chance(0.6) : chance(0.05);
  if (rules.gcs_down && !was_down) ++counts.gcs_outages;
  // Its control service comes back without what it was told.
  if (was_down && !rules.gcs_down && chance(0.5)) world_.fake.gcs.report.reset();
  if (lists_lag_ && chance(0.4)) rules.list_lag = Millis{draw(30'000)};
  if (chance(0.4)) rules.boot = Millis{draw(40'000)};
  if (chance(0.4)) rules.stopping = Millis{draw(30'000)};
  if (chance(0.3)) rules.most_per_create = draw(2);
  if (chance(0.2)) rules.ssh_delay = Millis{draw(20'000)};
  no_set_up_ = chance(0.15);
  if (no_set_up_) {
    rules.exit_codes[kSetUp] = 1;
    ++counts.failed_set_ups;
  }
  flaky_ = chance(0.3) ? 0.05 : 0;
  outage_ = "";
  if (chance(0.15)) {
    constexpr const char* kCalls[] = {"create", "list",  "set_tags", "terminate", "start",
                                      "status", "state", "report",   "drain"};
    outage_ = kCalls[draw(9)];
  }
  deaf_ = chance(0.2) ? 0.5 : 0;
  world_.desire_fails = chance(0.03)
                            ? Result<>(transient(ErrorCode::kMountMissing, "a mount is not there"))
                            : Result<>();
}

void Chaos::change_work() {
  FakeWork& work = world_.fake.work;
  const Millis duration{5'000 + draw(120'000)};
  if (chance(0.15)) work.submit({{"CPU", 1}}, 1 + draw(12), duration);
  if (chance(0.06)) work.submit({{"CPU", 6}}, 1 + draw(3), duration);
  if (chance(0.06)) work.submit({{"GPU", 0.5}}, 1 + draw(4), duration);
  if (chance(0.05)) {
    const Gang gang{.id = "group",
                    .strategy = chance(0.5) ? GangStrategy::kStrictSpread : GangStrategy::kPack,
                    .bundles = {{.bundle = {{"CPU", 2}}}, {.bundle = {{"CPU", 2}}}}};
    work.submit(gang, duration);
  }
  if (chance(0.01)) {
    work.submit({{"CPU", 64}}, 1, duration);
    ++impossible_;
  }
  if (chance(0.05)) {
    work.request_resources(
        chance(0.5) ? std::vector<Demand>{}
                    : std::vector<Demand>{{.request = {.bundle = {{"CPU", 2}}}, .count = 2}});
  }
}

void Chaos::strike() {
  FakeWorld& fake = world_.fake;
  if (!lists_lag_ && chance(0.05)) {
    world_.clock.wrong += Millis{chance(0.5) ? draw(7'200'000) : -draw(3'600'000)};
    ++counts.jumps;
  }
  if (chance(0.04)) {  // a machine is taken away
    const std::vector<CloudId> living = fake.living();
    const CloudId& id = living[static_cast<std::size_t>(draw(static_cast<int>(living.size())))];
    if (id != kHead) {
      FakeMachine& machine = fake.machines.at(id);
      machine.node.power = Power::kGone;
      machine.ops.clear();
      fake.settle();
      ++counts.machines_taken;
    }
  }
  if (chance(0.03)) {  // Ray on a worker ends
    for (auto& [id, machine] : fake.machines) {
      if (id == kHead || machine.node.power != Power::kRunning || !chance(0.3)) continue;
      fake.reboot(machine);
    }
    fake.settle();
  }
  if (!head_broken_ && chance(0.015)) {
    fake.reboot(fake.machines.at(kHead));
    head_broken_ = true;
    ++counts.head_restarts;
  }
  if (chance(0.05)) {
    world_.books.lose();
    ++counts.lost_books;
  }
}

}  // namespace rayctl
