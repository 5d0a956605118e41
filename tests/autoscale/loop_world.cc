#include "tests/autoscale/loop_world.h"

#include <set>
#include <utility>

#include "applier/refresh.h"
#include "cli/pipeline.h"
#include "config/resolve.h"
#include "model/codec.h"
#include "tests/support/observer_fake.h"
#include "tests/support/small_cluster.h"

namespace rayctl {
namespace {

constexpr Millis kPatience{60'000};

NodeTypeConfig type_of(const std::string& name, int least, int most, const Resources& resources) {
  return {.name = {name},
          .min_workers = least,
          .max_workers = most,
          .resources = resources,
          .worker_setup_commands = {"install " + name}};
}

// The same world by another clock.
World by_clock(const World& world, Clock& clock) {
  return {.store = world.store,
          .clock = clock,
          .provider = world.provider,
          .access = world.access,
          .ray = world.ray,
          .manifest = world.manifest,
          .secret = world.secret,
          .bootstrap_config = world.bootstrap_config,
          .auth_token = world.auth_token,
          .random = world.random,
          .crash_point = world.crash_point,
          .ops = world.ops};
}

}  // namespace

void BooksFake::keep(const Ticked& tick, const Config&) {
  ++ticks;
  last = tick;
  if (on_keep) on_keep(tick);
  memory_ = *memory_from_json(to_json(tick.decision.memory));
}

LoopWorld::LoopWorld() : world_(by_clock(fake.world(store), clock)) {
  fake.local_files["/src/app"] = app_files("1");
  config.cluster = {"demo"};
  config.provider = {"fake"};
  config.max_workers = 5;
  config.idle_timeout_minutes = 1;
  config.head_type = {"head"};
  config.node_types = {type_of("head", 0, 0, {{"CPU", 0}}), type_of("small", 1, 3, {{"CPU", 2}}),
                       type_of("big", 0, 2, {{"CPU", 8}}),
                       type_of("gpu", 0, 2, {{"CPU", 4}, {"GPU", 1}})};
  config.file_mounts = {{.remote = "~/app", .local = "/src/app", .where = {}}};
  config.rayctl.drain_timeout_s = 10;
}

Result<Desired> LoopWorld::desire(const Scale& scale) const {
  if (!desire_fails) return desire_fails.error();
  return resolve(config, scale, {{"~/app", manifest_digest(fake.local_files.at("/src/app"))}},
                 "key");
}

Result<ApplyReport> LoopWorld::perform(const Plan& plan) {
  const Result<std::unique_ptr<StoreLock>> lock =
      store.lock({.who = "loop", .since = fake.clock.now()}, Millis{0});
  if (!lock) return lock.error();
  plans.push_back(plan);
  std::stop_source stop;
  under_way = &stop;
  world_.may_begin = [this] { return turn->may_begin(); };
  FakeObserver observer;
  Result<ApplyReport> report = apply_plan(plan, world_,
                                          {.parallelism = 1,
                                           .launch_timeout = kPatience,
                                           .reach_timeout = kPatience,
                                           .join_timeout = kPatience,
                                           .counts_as_apply = false,
                                           .leave = stop.get_token()},
                                          stop.get_token(), observer);
  under_way = nullptr;
  return report;
}

void LoopWorld::start() {
  loop_ = std::make_unique<AutoscaleLoop>(LoopParts{
      .world = world_,
      .config = config,
      .desire = [this](const Scale& scale, const Snapshot&) { return desire(scale); },
      .apply =
          beside ? beside : [this](const Plan& plan, std::stop_token) { return perform(plan); },
      .beside = beside != nullptr,
      .turn = *turn,
      .books = books,
      .write =
          [this](const CloudNode&, const RayHeadInfo&, const std::vector<Saying>& lines) {
            for (const Saying& line : lines)
              said.push_back(line.text);
            return Result<>();
          }});
}

bool LoopWorld::tick() {
  try {
    if (!loop_) start();
    loop_->tick();
    return true;
  } catch (const Killed&) {
    drop();
    fake.revive();
    return false;
  }
}

void LoopWorld::ticks(int count, Millis step) {
  ticks_until(
      count, [] { return false; }, step);
}

bool LoopWorld::ticks_until(int most, const std::function<bool()>& done, Millis step) {
  for (int i = 0; i < most; ++i) {
    fake.clock.turn(step);
    tick();
    if (done()) return true;
  }
  return false;
}

Result<ApplyReport> LoopWorld::apply() {
  World world = fake.world(store);
  const Snapshot snapshot = records();
  const Observed observed = refresh(world, config.cluster, {config.provider}, snapshot,
                                    fake.clock.now() + Millis{60'000});
  const Result<Desired> desired = desire(default_scale(config, count_living(snapshot, observed)));
  if (!desired) return desired.error();
  const Plan plan = make_plan(*desired, snapshot, observed, {});
  const Result<std::unique_ptr<StoreLock>> lock =
      store.lock({.who = "operator", .since = fake.clock.now()}, Millis{0});
  if (!lock) return lock.error();
  plans.push_back(plan);
  FakeObserver observer;
  return apply_plan(plan, world, {.parallelism = 1, .join_timeout = kPatience}, {}, observer);
}

std::map<NodeTypeName, int> LoopWorld::workers() {
  std::map<NodeTypeName, int> counts;
  for (const CloudId& id : fake.living()) {
    CloudNode machine = fake.machines.at(id).node;
    read_tags(machine);
    if (!machine.head) ++counts[machine.type.value()];
  }
  return counts;
}

std::string LoopWorld::disagreement() {
  const Snapshot now = records();
  if (!now.open.empty()) {
    std::string open = std::string("left open: ") + verb_of(now.open.front().action);
    for (const NodeName& node : nodes_of(now.open.front().action))
      open += " " + node.text;
    return open;
  }
  std::set<CloudId> recorded;
  CloudId head;
  for (const auto& [name, record] : now.nodes) {
    recorded.insert(record.id);
    if (record.head) head = record.id;
    if (record.phase != Phase::kReady) return name.text + " is not ready: " + record.failure;
    const auto found = fake.machines.find(record.id);
    if (found == fake.machines.end()) return name.text + " has no machine";
    CloudNode machine = found->second.node;
    read_tags(machine);
    if (machine.name != name) return name.text + " has another's machine";
  }
  const std::vector<CloudId> living = fake.living();
  const std::set<CloudId> machines(living.begin(), living.end());
  if (machines != recorded) {
    return std::to_string(machines.size()) + " machines, " + std::to_string(recorded.size()) +
           " records";
  }
  const Result<RayView> ray = make_fake_ray(fake, head)->view({});
  if (!ray) return ray.error().message;
  std::set<CloudId> alive;
  for (const auto& [id, node] : ray->nodes) {
    if (node.state == RayNode::State::kAlive) alive.insert(id);
  }
  if (alive != machines) {
    return std::to_string(machines.size()) + " machines, " + std::to_string(alive.size()) +
           " in Ray";
  }
  return "";
}

}  // namespace rayctl
