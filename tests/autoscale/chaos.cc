#include "tests/autoscale/chaos.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace rayctl {
namespace {

LeaseParty party(const std::string& id, LeaseKind kind) {
  return {.id = id, .owner = id, .kind = kind, .program = "0.4", .process = id};
}

}  // namespace

Result<Swapped> LeaseFile::swap(const std::optional<std::string>& expected, std::string_view wanted,
                                Time, bool keep_age) {
  if (text_ != expected) return Swapped{.found = look()};
  text_ = std::string(wanted);
  if (!keep_age) changed_ = clock_.now();
  return Swapped{.done = true};
}

Chaos::Chaos(unsigned seed) : random_(seed), lists_lag_(seed % 2 == 0), file_(world_.fake.clock) {
  EXPECT_TRUE(world_.apply()->complete());
  world_.fake.mishap = [this](const std::string& call) { return mishap(call); };
  world_.fake.crash_point = [this](const std::string& point, const Action& action) {
    crash_point(point, action);
  };
  world_.books.on_keep = [this](const Ticked& tick) { check_decision(tick); };
}

Chaos::~Chaos() = default;

bool Chaos::chance(double share) {
  return std::uniform_real_distribution<double>(0, 1)(random_) < share;
}

int Chaos::draw(int below) {
  return std::uniform_int_distribution<int>(0, below - 1)(random_);
}

std::string Chaos::doing() {
  std::string text = operator_ && operator_->held() ? "the operator, last plans:" : "last plans:";
  const std::vector<Plan>& plans = world_.plans;
  for (std::size_t i = plans.size() - std::min<std::size_t>(4, plans.size()); i < plans.size();
       ++i) {
    text += "\n" + format_time(plans[i].made_at);
    for (const Step& step : plans[i].steps) {
      text += std::string("; ") + verb_of(step.action);
      for (const NodeName& node : nodes_of(step.action))
        text += " " + node.text;
      text += ": " + step.because;
    }
  }
  text += "\nnow " + format_time(world_.fake.clock.now());
  for (const auto& [name, record] : world_.records().nodes)
    text += "; " + name.text + " " + record.id.text;
  return text + "\n" + join(last_lines(join(world_.books.lines, "\n"), 20), "\n");
}

void Chaos::rage(int ticks) {
  for (int i = 0; i < ticks && !testing::Test::HasFailure(); ++i) {
    calm_ = false;
    if (i % 4 == 0) change_weather();
    change_work();
    strike();
    kill_in_ = chance(0.15) ? draw(chance(0.5) ? 8 : 60) : -1;
    leave_in_ = chance(0.15) ? draw(20) : -1;
    tick();
    if (!operator_ && chance(head_broken_ ? 0.3 : 0.04)) {
      operator_ = std::make_unique<Lease>(
          file_, party("operator-" + std::to_string(i), LeaseKind::kOperator), world_.fake.clock);
    }
    if (operator_) operate();
  }
}

void Chaos::tick() {
  world_.fake.clock.turn(Millis{5'000});
  if (!turn_) {
    const std::string id = "loop-" + std::to_string(++loops_);
    const bool sees_processes = chance(0.5);
    lease_ =
        std::make_unique<Lease>(file_, party(id, LeaseKind::kAutoscaler), world_.clock,
                                [sees_processes](const LeaseRecord& holder) {
                                  return sees_processes && holder.kind == LeaseKind::kAutoscaler;
                                });
    turn_ = std::make_unique<LeaseTurn>(*lease_, world_.clock);
    world_.turn = turn_.get();
  }
  ++counts.ticks;
  const bool had_it = lease_->held();
  if (!world_.tick()) {
    turn_.reset();
  } else if (operator_ && had_it && !lease_->held()) {
    ++counts.yields;
  }
  check_world();
}

// Asks for the lease, and works as soon as it is there: what is killed on the way is done again.
void Chaos::operate() {
  const Result<LeaseAnswer> answer = operator_->try_take();
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  if (*answer == LeaseAnswer::kHeld) {
    const LeaseRecord seen = *operator_->seen();
    if (const auto asked = rayctl::ask_lease(seen, operator_->party())) {
      EXPECT_TRUE(file_.swap(encode(seen), encode(*asked), {}, true)->done);
    }
    return;
  }
  ASSERT_EQ(*answer, LeaseAnswer::kTaken);
  calm_ = true;
  const bool down = std::exchange(world_.fake.rules.gcs_down, false);
  const Result<ApplyReport> report = world_.apply();
  world_.fake.rules.gcs_down = down;
  ++counts.applies;
  if (report && report->complete()) head_broken_ = false;
  mending_ = report ? "" : report.error().message;
  for (std::size_t i = 0; report && i < report->steps.size(); ++i)
    mending_ += report->steps[i].error.message + "\n";
  EXPECT_TRUE(operator_->release().ok());
  operator_.reset();
  check_world();
}

void Chaos::settle() {
  FakeWorld& fake = world_.fake;
  calm_ = true;
  fake.rules = {};
  world_.desire_fails = {};
  for (auto& [id, machine] : fake.machines)
    machine.deaf = machine.mute = false;
  fake.work.request_resources({});
  for (int i = 0; (operator_ || head_broken_) && i < 300; ++i) {
    if (!operator_) {
      operator_ = std::make_unique<Lease>(
          file_, party("mender-" + std::to_string(i), LeaseKind::kOperator), fake.clock);
    }
    tick();
    operate();
  }
  ASSERT_FALSE(operator_);
  ASSERT_FALSE(head_broken_) << mending_;
  const auto until = [&](const std::function<bool()>& done) {
    for (int i = 0; i < 300; ++i) {
      fake.clock.turn(Millis{10'000});
      tick();
      if (testing::Test::HasFailure() || done()) return;
    }
    ADD_FAILURE() << fake.work.waiting() << " wait, " << fake.work.running() << " run; "
                  << world_.disagreement() << "; state " << world_.books.shown.state << " "
                  << world_.books.shown.trouble;
  };
  until([&] { return fake.work.waiting() == impossible_ && fake.work.running() == 0; });
  until([&] {
    return world_.workers() == std::map<NodeTypeName, int>{{{"small"}, 1}} &&
           world_.disagreement().empty();
  });
  check_launches();
  EXPECT_EQ(world_.reported().impossible.size(), impossible_ > 0 ? 1U : 0U);
  counts.tasks = fake.work.finished();
}

}  // namespace rayctl
