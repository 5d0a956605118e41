#include <algorithm>
#include <optional>
#include <utility>

#include "applier/retry.h"
#include "applier/run.h"
#include "applier/timing.h"
#include "transport/container.h"

namespace rayctl {
namespace {

/// Logins may be refused while a machine that was made a moment ago still sets itself up.
constexpr Millis kFreshMachine{120'000};
constexpr Millis kProbeTimeout{10'000};
constexpr Millis kProbeMost{5'000};

enum class Place { kMachine, kNode };

Result<std::unique_ptr<CommandRunner>> connect(Run& run, const NodeRecord& record,
                                               const CloudNode& machine, Place place) {
  NodeAccess& access = run.world.access(record.provider);
  return retrying(run.world, Repeat::kHarmless, [&] {
    return place == Place::kNode ? access.runner(machine) : access.machine_runner(machine);
  });
}

/// Whether another look may find that the machine answers.
bool worth_waiting(Run& run, const NodeRecord& record, const Error& error) {
  if (error.fault == Fault::kTransient || error.fault == Fault::kUnknown) return true;
  return error.code == ErrorCode::kCredentials &&
         run.world.clock.now() - record.launched_at < kFreshMachine;
}

Result<> start_its_container(Run& run, const Step& step, const NodeAtWork& at) {
  const Result<const NodeSpec*> spec = spec_of(run, at.record.type);
  const std::optional<ContainerSpec> wanted =
      spec ? container_spec((*spec)->docker) : std::optional<ContainerSpec>();
  if (!wanted) return permanent(ErrorCode::kContainerFailed, "the node's container does not run");
  run.talk.progress(step, at.name, "starting its container");
  Result<std::unique_ptr<CommandRunner>> machine =
      connect(run, at.record, at.machine, Place::kMachine);
  if (!machine) return machine.error();
  return retrying(run.world, Repeat::kHarmless, [&] {
    return run.world.ops.start_container(**machine, wanted->program, wanted->name,
                                         run.world.clock.now() + kCallTimeout);
  });
}

std::string address_of(const NodeAtWork& at) {
  const CloudNode& machine = at.machine;
  return machine.internal_ip.empty() ? machine.id.text : machine.internal_ip;
}

/// A status on the machine's tags, for those who look at a console: nothing depends on it.
void show_status(Run& run, const Step& step, const NodeAtWork& at, const std::string& status) {
  const Result<> tagged = tag_status(run, at, status.c_str());
  if (!tagged) run.talk.progress(step, at.name, tagged.error().message);
}

/// Waits until a command runs there. What the machine is waited for is said once, to the observer
/// and, in `waited`, to the caller.
Result<> wait_until_it_answers(Run& run, const Step& step, const NodeAtWork& at, bool& waited) {
  const Time deadline = run.world.clock.now() + run.options.reach_timeout;
  bool started = false;
  for (Millis pause = kPollFirst;; pause = std::min(pause * 2, kProbeMost)) {
    Command probe{{"true"}, {}, ""};
    const Result<CommandOutput> ran = at.runner->run(probe, run.world.clock.now() + kProbeTimeout);
    if (ran) return {};
    Error error = ran.error();
    if (error.code == ErrorCode::kContainerFailed) {
      if (started) return permanent(error.code, error.message);
      Result<> running = start_its_container(run, step, at);
      if (!running) return running;
      started = true;
      continue;
    }
    if (!worth_waiting(run, at.record, error)) return error;
    if (run.world.clock.now() >= deadline) {
      Error late = permanent(ErrorCode::kConnectionLost,
                             at.name.text + " (" + address_of(at) + ") did not answer within " +
                                 format_age(run.options.reach_timeout) + ": " + error.message);
      late.context = error.context;
      return late;
    }
    if (!waited) {
      run.talk.progress(step, at.name, "waiting for SSH: " + error.message);
      show_status(run, step, at, kStatusWaitingForSsh);
      waited = true;
    }
    if (Result<> slept = rayctl::pause(run, pause); !slept) return slept;
  }
}

Result<NodeAtWork> reach_place(Run& run, const Step& step, const NodeName& node, Place place) {
  const std::optional<NodeRecord> record = run.journal.record(node);
  if (!record) {
    return permanent(ErrorCode::kNoSuchNode, "there is no record of node " + node.text);
  }
  const Result<std::optional<CloudNode>> seen =
      run.machines.look(record->provider, record->id, kListAge);
  if (!seen || !*seen || !ready(**seen)) run.talk.progress(step, node, "waiting for the machine");
  Result<CloudNode> machine = run.machines.running(
      record->provider, record->id, run.options.launch_timeout, [&](const std::string& reason) {
        run.talk.progress(step, node, "waiting for the machine: " + reason);
      });
  if (!machine) return machine.error();
  // The list may be older than what this run has put on the node.
  machine->tags[kTagApplied] = encode_digests(record->applied);
  Result<std::unique_ptr<CommandRunner>> runner = connect(run, *record, *machine, place);
  if (!runner) return in_context(runner.error(), "connecting to " + node.text);
  NodeAtWork at{.name = node, .record = *record, .machine = *machine, .runner = *std::move(runner)};
  at.record.ip = machine->internal_ip;
  const bool inside = place == Place::kNode && !record->applied.docker.empty();
  if (run.machines.answered(record->provider, record->id, inside)) return at;
  bool waited = false;
  Result<> answers = wait_until_it_answers(run, step, at, waited);
  if (waited) show_status(run, step, at, record_tags(*record)[kTagNodeStatus]);
  if (!answers) return in_context(answers.error(), "connecting to " + node.text);
  run.machines.note_answer(record->provider, record->id, inside);
  return at;
}

}  // namespace

Result<NodeAtWork> reach(Run& run, const Step& step, const NodeName& node) {
  return reach_place(run, step, node, Place::kNode);
}

Result<NodeAtWork> reach_machine(Run& run, const Step& step, const NodeName& node) {
  return reach_place(run, step, node, Place::kMachine);
}

}  // namespace rayctl
