#include <algorithm>

#include "base/text.h"
#include "tests/support/fake_world.h"
#include "transport/shell_line.h"

namespace rayctl {
namespace {

std::string below_home(const std::string& path) {
  return path.starts_with("~/") ? path.substr(2) : path;
}

class FakeRunner final : public CommandRunner {
 public:
  FakeRunner(FakeWorld& world, CloudId id, bool inside)
      : world_(world), id_(std::move(id)), inside_(inside) {}

  Result<CommandOutput> run(const Command& command, Time, const OutputSink&) override {
    return world_.call<CommandOutput>("run", [&]() -> Result<CommandOutput> {
      if (const std::optional<Error> error = world_.unreachable(*this)) return *error;
      FakeMachine& machine = world_.machines.at(id_);
      const std::vector<std::string>& argv = command.argv;
      if (argv == std::vector<std::string>{"true"}) return CommandOutput{};
      if (argv == std::vector<std::string>{"printenv", "HOME"}) {
        return CommandOutput{.out = "/home/" + id_.text + "\n"};
      }
      if (argv.size() == 2 && argv[0] == "cat") {
        const auto file = machine.files.find(argv[1]);
        if (file == machine.files.end()) return CommandOutput{.exit_code = 1};
        return CommandOutput{.out = file->second};
      }
      if (argv.size() == 3 && argv[0] == "bash" && argv[2].starts_with("ray stop")) {
        world_.ran.emplace_back(id_, argv[2]);
        stop_fake_ray(machine);
        return CommandOutput{};
      }
      if (argv.size() == 3 && argv[2].find("gcs_server") != std::string::npos) {
        return CommandOutput{.exit_code = world_.ray_on(machine) == nullptr ? 1 : 0};
      }
      return CommandOutput{.exit_code = 127, .err = "no such program"};
    });
  }

  Result<> upload(const std::filesystem::path&, const std::string&, unsigned, Time) override {
    return permanent(ErrorCode::kNotSupported, "not in a fake world");
  }
  Result<> download(const std::string&, const std::filesystem::path&, Time) override {
    return permanent(ErrorCode::kNotSupported, "not in a fake world");
  }

  Result<> put(std::string_view bytes, const std::string& to, unsigned, Time) override {
    return world_.call<std::monostate>("put", [&]() -> Result<> {
      if (const std::optional<Error> error = world_.unreachable(*this)) return *error;
      world_.machines.at(id_).files[below_home(to)] = std::string(bytes);
      return {};
    });
  }

  const CloudId& id() const { return id_; }
  bool inside() const { return inside_; }

 private:
  FakeWorld& world_;
  const CloudId id_;
  const bool inside_;
};

class FakeAccess final : public NodeAccess {
 public:
  explicit FakeAccess(FakeWorld& world) : world_(world) {}

  Result<std::unique_ptr<CommandRunner>> runner(const CloudNode& node) override {
    world_.check_alive();
    const auto applied = node.tags.find(kTagApplied);
    const bool inside =
        applied != node.tags.end() && !decode_digests(applied->second).docker.empty();
    return std::unique_ptr<CommandRunner>(std::make_unique<FakeRunner>(world_, node.id, inside));
  }
  Result<std::unique_ptr<CommandRunner>> machine_runner(const CloudNode& node) override {
    world_.check_alive();
    return std::unique_ptr<CommandRunner>(std::make_unique<FakeRunner>(world_, node.id, false));
  }
  Result<Command> start_command(const CloudNode&, const NodeSpec& spec,
                                const CloudNode* head) override {
    Command command{.argv = {"ray", "start", "--block"}};
    command.argv.push_back(head == nullptr ? "--head" : "--address=" + head->internal_ip);
    if (!spec.start.command.empty()) command.argv = spec.start.command;
    if (!spec.start.commands.empty()) {
      command.argv = shell_argv(shell(), spec.start.commands);
      return command;  // the applier says the rest
    }
    command.env["RAY_OVERRIDE_RESOURCES"] = Json(spec.start.resources).dump();
    command.env["RAY_OVERRIDE_LABELS"] = Json(spec.start.labels).dump();
    return command;
  }
  Result<std::string> gcs_endpoint(const CloudNode& head) override {
    return head.internal_ip + ":6379";
  }
  Result<std::string> dashboard_url(const CloudNode& head) override {
    return "http://" + head.internal_ip + ":8265";
  }

 private:
  FakeWorld& world_;
};

}  // namespace

CloudId machine_of(CommandRunner& runner) {
  return dynamic_cast<FakeRunner&>(runner).id();
}

bool in_container(CommandRunner& runner) {
  return dynamic_cast<FakeRunner&>(runner).inside();
}

std::unique_ptr<NodeAccess> make_fake_access(FakeWorld& world) {
  return std::make_unique<FakeAccess>(world);
}

}  // namespace rayctl
