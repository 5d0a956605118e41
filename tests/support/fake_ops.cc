#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tests/support/fake_world.h"

namespace rayctl {
namespace {

bool is_shell(const Command& command) {
  return command.argv.size() >= 3 && command.argv[0] == "bash";
}

// The shell lines, or the program with its arguments.
std::string text_of(const Command& command) {
  if (!is_shell(command)) return join(command.argv, " ");
  if (command.argv.size() == 3) return command.argv[2];
  return join({command.argv.begin() + 4, command.argv.end()}, "\n");
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Whether a start of Ray names this head.
bool names_head(const Command& command, const std::string& text, const std::string& ip) {
  if (text.ends_with("--address=" + ip)) return true;
  const auto head = command.env.find("RAY_HEAD_IP");
  return head != command.env.end() && head->second == ip && holds(text, "$RAY_HEAD_IP");
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
      if (!clock.sleep(std::min(Millis{500}, deadline - clock.now()), {})) return now;
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
      if (found == (*machine)->ops.end()) return {};
      const bool over = status_of(**machine, token).state == OpStatus::State::kDone;
      found->second.daemon = false;
      if (!over) found->second.killed = true;
      return {};
    });
  }

  Result<ContainerChange> prepare_container(CommandRunner& runner, const ContainerSpec& spec, Time,
                                            const OutputSink&) const override {
    return world_.call<ContainerChange>("container", [&]() -> Result<ContainerChange> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      std::optional<FakeContainer>& container = (*machine)->container;
      if (container && container->spec.image == spec.image &&
          container->spec.labels == spec.labels) {
        return std::exchange(container->running, true) ? ContainerChange::kNone
                                                       : ContainerChange::kStarted;
      }
      for (const auto& [part, code] : world_.rules.exit_codes) {
        if (holds(spec.image, part)) {
          return permanent(ErrorCode::kContainerFailed, "pulling " + spec.image + " failed");
        }
      }
      const int made = container ? container->made + 1 : 1;
      container = FakeContainer{.spec = spec, .made = made};
      (*machine)->mounts.clear();
      std::erase_if((*machine)->files,
                    [](const auto& file) { return file.first != ".rayctl/initialized"; });
      stop_fake_ray(**machine);
      return ContainerChange::kMade;
    });
  }

  Result<> start_container(CommandRunner& runner, const std::string&, const std::string& name,
                           Time) const override {
    return world_.call<std::monostate>("start_container", [&]() -> Result<> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      std::optional<FakeContainer>& container = (*machine)->container;
      if (!container || container->spec.name != name) {
        return permanent(ErrorCode::kContainerFailed, "no such container: " + name);
      }
      container->running = true;
      return {};
    });
  }

  Result<> remove_containers(CommandRunner& runner, const std::map<std::string, std::string>&,
                             const std::string& keep, Time) const override {
    return world_.call<std::monostate>("remove_containers", [&]() -> Result<> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      std::optional<FakeContainer>& container = (*machine)->container;
      if (!container || container->spec.name == keep) return {};
      stop_fake_ray(**machine);
      container.reset();
      return {};
    });
  }

  Result<SyncReport> sync(CommandRunner& runner, const FileMount& mount, const Manifest& manifest,
                          Time, const SyncProgress&) const override {
    return world_.call<SyncReport>("sync", [&]() -> Result<SyncReport> {
      Result<FakeMachine*> machine = reach(runner);
      if (!machine) return machine.error();
      (*machine)->mounts[mount.remote] = manifest_digest(manifest);
      return SyncReport{};
    });
  }

  Result<std::optional<SyncReport>> relay(FileRelay&, CommandRunner& head, CommandRunner& runner,
                                          const std::string& path, Time,
                                          const SyncProgress&) const override {
    using Sent = std::optional<SyncReport>;
    return world_.call<Sent>("relay", [&]() -> Result<Sent> {
      Result<FakeMachine*> from = reach(head);
      if (!from) return from.error();
      Result<FakeMachine*> to = reach(runner);
      if (!to) return to.error();
      const auto found = (*from)->files.find(path);
      if (found == (*from)->files.end()) return Sent();
      (*to)->files[path] = found->second;
      return Sent(SyncReport{});
    });
  }

 private:
  Result<FakeMachine*> reach(CommandRunner& runner) const {
    if (const std::optional<Error> error = world_.unreachable(runner)) return *error;
    return &world_.machines.at(machine_of(runner));
  }

  OpStatus status_of(const FakeMachine& machine, const OpToken& token) const {
    const auto found = machine.ops.find(token);
    if (found == machine.ops.end()) return {};
    const FakeOp& op = found->second;
    if (op.killed) return {.state = OpStatus::State::kDead};
    if (op.ends_at && world_.clock.now() >= *op.ends_at) {
      return {.state = OpStatus::State::kDone, .exit_code = op.exit_code, .leaves = op.daemon};
    }
    return {.state = OpStatus::State::kRunning, .pid = 1};
  }

  void begin(FakeMachine& machine, FakeOp& op, const Command& command) const {
    const std::string line = text_of(command);
    if (is_shell(command) && holds(line, "ray stop")) stop_fake_ray(machine);
    const int starts = op.starts + 1;
    op = {.command = command, .starts = starts, .started_at = world_.clock.now()};
    world_.ran.emplace_back(machine.node.id, line);
    op.output = "output of " + line + "\n";
    for (const auto& [part, code] : world_.rules.exit_codes) {
      if (holds(line, part)) op.exit_code = code;
    }
    const bool ray = !is_shell(command) || holds(line, "ray start");
    op.daemon = ray && is_shell(command) && !holds(line, "--block") && op.exit_code == 0;
    if (!ray || op.daemon || op.exit_code != 0) {
      op.ends_at = op.started_at + world_.rules.command_time;
    }
    if (!ray || op.exit_code != 0) return;
    machine.drained_at.reset();
    if (world_.rules.ray_dies_after > Millis{0} && starts == 1) {
      op.ends_at = op.started_at + world_.rules.ray_dies_after;
      op.exit_code = 1;
    }
    for (auto& [id, other] : world_.machines) {
      if (!names_head(command, line, other.node.internal_ip)) continue;
      const FakeOp* head = world_.ray_on(other);
      if (head != nullptr) op.head = id.text + format_time(head->started_at);
    }
  }

  FakeWorld& world_;
};

}  // namespace

void stop_fake_ray(FakeMachine& machine) {
  for (auto& [token, op] : machine.ops) {
    if (!op.ends_at) op.killed = true;
    op.daemon = false;
  }
}

std::unique_ptr<NodeOps> make_fake_ops(FakeWorld& world) {
  return std::make_unique<FakeOps>(world);
}

}  // namespace rayctl
