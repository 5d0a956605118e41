#include "tests/crash/pipe.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>
#include <utility>

#include "applier/refresh.h"
#include "base/text.h"
#include "model/op_token.h"
#include "tests/support/observer_fake.h"

namespace rayctl {

Pipe::Pipe(int workers) : desired(small_cluster(workers)) {
  fake.local_files["/src/app"] = app_files("1");
  const ProviderName provider{"fake"};
  fake.wanted_resources = {
      {.name = {"group"}, .provider = provider, .title = "demo", .needs = {}},
      {.name = {"role"}, .provider = provider, .title = "demo", .needs = {}},
      {.name = {"profile"}, .provider = provider, .title = "demo", .needs = {{"role"}}}};
}

Plan Pipe::plan() {
  World world = fake.world(store);
  const Snapshot snapshot = records();
  const Observed observed =
      refresh(world, desired.cluster, {{"fake"}}, snapshot, fake.clock.now() + Millis{60'000});
  return make_plan(desired, snapshot, observed, options);
}

Result<ApplyReport> Pipe::apply(const Plan& plan) {
  World world = fake.world(store);
  FakeObserver observer;
  return apply_plan(plan, world, apply_options, {}, observer);
}

bool Pipe::killed_in_apply() {
  // Only the apply is disturbed: a plan has no effects.
  const auto mishap = std::exchange(fake.mishap, {});
  const Plan made = plan();
  fake.mishap = mishap;
  bool killed = false;
  try {
    (void)apply(made);
  } catch (const Killed&) {
    killed = true;
  }
  fake.revive();
  fake.mishap = {};
  fake.crash_point = {};
  fake.clock.turn(Millis{1'000});
  return killed;
}

std::string Pipe::converge(int most) {
  std::string last;
  int looks = 0;
  for (rounds = 0;; ++rounds) {
    const Plan made = plan();
    if (!made.blocked.empty()) return "blocked: " + made.blocked.front().summary;
    if (made.steps.empty()) {
      const std::string wrong = trouble();
      if (wrong.empty() || made.blind_spots.empty() || ++looks > 5) return wrong;
      // The plan says itself that it does not see everything yet.
      fake.clock.turn(Millis{60'000});
      --rounds;
      continue;
    }
    if (rounds == most) {
      return "no empty plan after " + plural(static_cast<std::size_t>(most), "apply") +
             ", next: " + verb_of(made.steps.front().action) + " because " +
             made.steps.front().because + last;
    }
    const Result<ApplyReport> report = apply(made);
    if (!report) return "refused: " + report.error().message;
    for (const StepResult& each : report->steps) {
      if (each.outcome != StepResult::Outcome::kFailed) continue;
      last += "; " + std::string(verb_of(made.steps[static_cast<std::size_t>(each.step)].action)) +
              " failed: " + each.error.message;
    }
    fake.clock.turn(Millis{1'000});
  }
}

std::string Pipe::trouble() {
  const Snapshot now = records();
  if (!now.open.empty()) return std::string("left open: ") + verb_of(now.open.front().action);
  const std::vector<CloudId> living = fake.living();
  std::size_t wanted = 0;
  for (const auto& [type, count] : desired.want)
    wanted += static_cast<std::size_t>(count);
  if (living.size() != wanted) {
    return std::to_string(living.size()) + " machines live, " + std::to_string(wanted) + " wanted";
  }
  if (now.nodes.size() != wanted) return std::to_string(now.nodes.size()) + " records";
  std::set<CloudId> known;
  CloudId head;
  for (const auto& [name, record] : now.nodes) {
    if (record.head) head = record.id;
  }
  const Result<RayView> ray = wanted == 0 ? RayView{} : make_fake_ray(fake, head)->view({});
  if (!ray) return "Ray does not answer";
  for (const auto& [name, record] : now.nodes) {
    known.insert(record.id);
    const auto found = fake.machines.find(record.id);
    if (found == fake.machines.end()) return name.text + " has no machine";
    FakeMachine& machine = found->second;
    if (machine.node.tags.at(kTagNode) != name.text) return name.text + " has another's machine";
    const NodeSpec& spec = desired.specs.at(record.type);
    if (machine.mounts["~/app"] != spec.file_mounts[0].manifest) return name.text + ": old files";
    if (last_set_up_line(record.id) != spec.setup_commands.back()) {
      return name.text + " was last set up by " + last_set_up_line(record.id);
    }
    if (!ray->nodes.contains(record.id)) return name.text + " is not in Ray";
    if (ray->nodes.at(record.id).state != RayNode::State::kAlive) return name.text + " is dead";
    if (record.phase != Phase::kReady) return name.text + " is not ready";
    CloudNode tagged = machine.node;
    read_tags(tagged);
    NodeRecord rebuilt = record_from_tags(tagged, record.provider);
    rebuilt.launched_at = record.launched_at;
    if (rebuilt != record) return name.text + ": its tags do not say what its record says";
  }
  for (const CloudId& id : living) {
    if (!known.contains(id)) return id.text + " is nobody's";
  }
  return trouble_beside(now, wanted > 0);
}

std::string Pipe::trouble_beside(const Snapshot& now, bool wanted) const {
  const std::size_t resources = wanted ? fake.wanted_resources.size() : 0;
  if (fake.resources.size() != resources) {
    return std::to_string(fake.resources.size()) + " resources are there";
  }
  if (now.resources.size() != resources) {
    return std::to_string(now.resources.size()) + " resources are recorded";
  }
  for (const auto& [name, seen] : fake.resources) {
    const auto record = now.resources.find(name);
    if (record == now.resources.end() || record->second.id != seen.id) {
      return name.text + " is not recorded";
    }
    if (!record->second.ours) return name.text + " is not recorded as ours";
  }
  return "";
}

void Pipe::lose_state() {
  auto memory = std::make_shared<StateStoreFake::Memory>();
  memory->snapshot.lineage = "another";
  store = StateStoreFake(memory);
}

std::vector<std::string> Pipe::set_up_lines() {
  std::vector<std::string> lines;
  for (const auto& [id, line] : fake.ran) {
    if (!line.starts_with("ray ")) lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string Pipe::last_set_up_line(const CloudId& machine) const {
  std::string last;
  for (const auto& [id, line] : fake.ran) {
    if (id == machine && !line.starts_with("ray ")) last = line;
  }
  return last;
}

std::string Scenario::word() const {
  std::string text = name;
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

void PrintTo(const Scenario& scenario, std::ostream* out) {
  *out << scenario.name;
}

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"create", -1, [](Pipe&) {}},
      {"change workers", 3,
       [](Pipe& pipe) {
         pipe.desired.specs.at({"small"}).setup_commands = {"install small 2", "and more"};
         seal(pipe.desired);
       }},
      {"change files", 3,
       [](Pipe& pipe) {
         pipe.fake.local_files["/src/app"] = app_files("2");
         for (auto& [type, spec] : pipe.desired.specs) {
           spec.file_mounts[0].manifest = manifest_digest(app_files("2"));
         }
         seal(pipe.desired);
       }},
      {"restart only", 2, [](Pipe& pipe) { pipe.options.restart = true; }},
      {"scale up", 1, [](Pipe& pipe) { pipe.desired.want.at({"small"}) = 3; }},
      {"scale down", 3, [](Pipe& pipe) { pipe.desired.want.at({"small"}) = 1; }},
      {"release if idle", 3,
       [](Pipe& pipe) {
         pipe.desired.want.at({"small"}) = 1;
         pipe.desired.release = pipe.desired.if_idle = {{"small-2"}, {"small-3"}};
       }},
      {"replace workers", 3,
       [](Pipe& pipe) {
         pipe.desired.specs.at({"small"}).launch = {{"machine", "m2"}};
         seal(pipe.desired);
       }},
      {"replace the head", 2,
       [](Pipe& pipe) {
         pipe.desired.specs.at({"head"}).launch = {{"machine", "m2"}};
         pipe.options.replace_head = true;
         seal(pipe.desired);
       }},
      {"destroy", 3,
       [](Pipe& pipe) {
         pipe.desired.destroy = true;
         for (auto& [type, count] : pipe.desired.want)
           count = 0;
       }},
  };
  return all;
}

void take_back(const Scenario& scenario, Pipe& pipe) {
  const Pipe before(std::max(scenario.workers_before, 0));
  pipe.desired = before.desired;
  pipe.fake.local_files = before.fake.local_files;
  pipe.options = before.options;
  pipe.options.replace_head = true;
}

std::unique_ptr<Pipe> start_of(const Scenario& scenario) {
  auto pipe = std::make_unique<Pipe>(scenario.workers_before < 0 ? 3 : scenario.workers_before);
  if (scenario.workers_before >= 0) {
    const std::string trouble = pipe->converge(1);
    if (!trouble.empty()) throw std::runtime_error(scenario.name + ": " + trouble);
  }
  pipe->fake.clock.turn(Millis{600'000});
  scenario.change(*pipe);
  return pipe;
}

}  // namespace rayctl
