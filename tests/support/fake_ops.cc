#include <algorithm>

#include "base/text.h"
#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

bool is_shell_line(const Command& command) {
  return command.argv.size() == 3 && command.argv[0] == "bash";
}

class FakeOps final : public NodeOps {
 public:
  explicit FakeOps(FakeWorld& world) : world_(world) {}

  Result<OpStatus> start(CommandRunner& runner, const OpToken& token, const Command& command,
                         Time) const override {
    return world_.call<OpStatus>("start", [&]() -> Result<OpStatus> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      const OpStatus before = status_of(**machine, token);
      const bool well = before.state == OpStatus::State::kDone && before.exit_code == 0;
      if (before.state == OpStatus::State::kRunning || well) return before;
      begin(**machine, (*machine)->ops[token], command);
      return status_of(**machine, token);
    });
  }

  Result<OpStatus> status(CommandRunner& runner, const OpToken& token, Time) const override {
    return world_.call<OpStatus>("status", [&]() -> Result<OpStatus> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      return status_of(**machine, token);
    });
  }

  Result<OpStatus> wait(CommandRunner& runner, const OpToken& token, Clock& clock, Time deadline,
                        const OutputSink& sink) const override {
    while (true) {
      Result<OpStatus> now = status(runner, token, deadline);
      if (!now || now->state != OpStatus::State::kRunning || clock.now() >= deadline) {
        if (now && sink) {
          Result<std::string> text = output(runner, token, 1U << 20, deadline);
          if (text) sink(*text, false);
        }
        return now;
      }
      clock.sleep(std::min(Millis{500}, deadline - clock.now()), {});
    }
  }

  Result<std::string> output(CommandRunner& runner, const OpToken& token, std::size_t,
                             Time) const override {
    return world_.call<std::string>("output", [&]() -> Result<std::string> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      return (*machine)->ops[token].output;
    });
  }

  Result<> stop(CommandRunner& runner, const OpToken& token, Millis, Clock&, Time) const override {
    return world_.call<std::monostate>("stop", [&]() -> Result<> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      const auto found = (*machine)->ops.find(token);
      if (found != (*machine)->ops.end()) found->second.killed = true;
      return {};
    });
  }

  Result<SyncReport> sync(CommandRunner& runner, const FileMount& mount, const Manifest& manifest,
                          Time) const override {
    return world_.call<SyncReport>("sync", [&]() -> Result<SyncReport> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      (*machine)->mounts[mount.remote] = manifest_digest(manifest);
      return SyncReport{};
    });
  }

 private:
  Result<FakeMachine*> reach(CommandRunner& runner) const {
    const CloudId id = machine_of(runner);
    const auto found = world_.machines.find(id);
    if (found == world_.machines.end() || found->second.node.power != Power::kRunning) {
      return transient(ErrorCode::kConnectionLost, "cannot connect to " + id.text);
    }
    return &found->second;
  }

  OpStatus status_of(const FakeMachine& machine, const OpToken& token) const {
    const auto found = machine.ops.find(token);
    if (found == machine.ops.end()) return {};
    const FakeOp& op = found->second;
    if (op.killed) return {.state = OpStatus::State::kDead};
    if (op.ends_at && world_.clock.now() >= *op.ends_at) {
      return {.state = OpStatus::State::kDone, .exit_code = op.exit_code};
    }
    return {.state = OpStatus::State::kRunning, .pid = 1};
  }

  void begin(FakeMachine& machine, FakeOp& op, const Command& command) const {
    const int starts = op.starts + 1;
    op = {.command = command, .starts = starts, .started_at = world_.clock.now()};
    const std::string line = is_shell_line(command) ? command.argv[2] : join(command.argv, " ");
    world_.ran.emplace_back(machine.node.id, line);
    op.output = "output of " + line + "\n";
    for (const auto& [part, code] : world_.rules.exit_codes) {
      if (line.find(part) != std::string::npos) op.exit_code = code;
    }
    if (is_shell_line(command) || op.exit_code != 0) {
      op.ends_at = op.started_at + world_.rules.command_time;
      return;
    }
    machine.drained_at.reset();
    if (world_.rules.ray_dies_after > Millis{0} && starts == 1) {
      op.ends_at = op.started_at + world_.rules.ray_dies_after;
      op.exit_code = 1;
    }
    for (auto& [id, other] : world_.machines) {
      if (command.argv.back() != "--address=" + other.node.internal_ip) continue;
      const FakeOp* ray = world_.ray_on(other);
      if (ray != nullptr) op.head = id.text + format_time(ray->started_at);
    }
  }

  FakeWorld& world_;
};

}  // namespace

std::unique_ptr<NodeOps> make_fake_ops(FakeWorld& world) {
  return std::make_unique<FakeOps>(world);
}

}  // namespace rayctl
