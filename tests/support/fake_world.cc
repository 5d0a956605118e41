#include "tests/support/fake_world.h"

#include <stdexcept>

#include "base/text.h"

namespace rayctl {

FakeWorld::FakeWorld()
    : provider_(make_fake_provider(*this)),
      access_(make_fake_access(*this)),
      ops_(make_fake_ops(*this)) {
  clock.on_sleep = [this] { check_alive(); };
}

FakeWorld::~FakeWorld() = default;

World FakeWorld::world(StateStore& store) {
  return {.store = store,
          .clock = clock,
          .provider = [this](const ProviderName&) -> Provider& { return *provider_; },
          .access = [this](const ProviderName&) -> NodeAccess& { return *access_; },
          .ray = [this](const CloudNode& head) -> Result<std::unique_ptr<RayCluster>> {
            return make_fake_ray(*this, head.id);
          },
          .manifest = [this](const FileMount& mount) -> Result<Manifest> {
            const std::lock_guard lock(mutex);
            const auto found = local_files.find(mount.local);
            if (found != local_files.end()) return found->second;
            return permanent(ErrorCode::kMountMissing, mount.local + " is not there");
          },
          .secret = [this](const std::string& reference) -> Result<std::string> {
            const auto found = secrets.find(reference);
            if (found != secrets.end()) return found->second;
            return permanent(ErrorCode::kSecretUnresolved, reference + " points at nothing");
          },
          .bootstrap_config = [this]() -> Result<std::string> { return bootstrap_config; },
          .auth_token = auth_token,
          .random = [] { return 0.5; },
          .crash_point =
              [this](const std::string& point, const Action& action) {
                check_alive();
                if (crash_point) crash_point(point, action);
              },
          .plain_processes = plain_processes,
          .ops = *ops_};
}

std::vector<CloudId> FakeWorld::living() {
  const std::lock_guard lock(mutex);
  std::vector<CloudId> found;
  for (const auto& [id, machine] : machines) {
    if (machine.node.power == Power::kRunning || machine.node.power == Power::kPending) {
      found.push_back(id);
    }
  }
  return found;
}

FakeMachine& FakeWorld::machine(const std::string& node) {
  const std::lock_guard lock(mutex);
  for (auto& [id, machine] : machines) {
    const auto tag = machine.node.tags.find(kTagNode);
    if (tag != machine.node.tags.end() && tag->second == node &&
        machine.node.power == Power::kRunning) {
      return machine;
    }
  }
  throw std::runtime_error("no machine of node " + node);
}

bool FakeWorld::runs(const FakeMachine& machine, const OpToken& token) {
  const std::lock_guard lock(mutex);
  const auto found = machine.ops.find(token);
  if (found == machine.ops.end() || machine.node.power != Power::kRunning) return false;
  const FakeOp& op = found->second;
  return !op.killed && (!op.ends_at || clock.now() < *op.ends_at);
}

void FakeWorld::reboot(FakeMachine& machine) {
  const std::lock_guard lock(mutex);
  for (auto& [token, op] : machine.ops) {
    if (runs(machine, token)) op.killed = true;
    op.daemon = false;
  }
  if (machine.container) machine.container->running = false;
}

std::optional<Error> FakeWorld::unreachable(CommandRunner& runner) {
  const std::lock_guard lock(mutex);
  const CloudId id = machine_of(runner);
  const auto found = machines.find(id);
  if (found == machines.end() || found->second.node.power != Power::kRunning ||
      found->second.mute || clock.now() - found->second.made_at < rules.ssh_delay) {
    return transient(ErrorCode::kConnectionLost, "cannot connect to " + id.text);
  }
  const std::optional<FakeContainer>& container = found->second.container;
  if (in_container(runner) && (!container || !container->running)) {
    return transient(ErrorCode::kContainerFailed, "the container does not run");
  }
  return std::nullopt;
}

FakeOp* FakeWorld::ray_on(FakeMachine& machine) {
  const std::lock_guard lock(mutex);
  const auto token = machine.files.find(".rayctl/ray_op");
  if (token == machine.files.end()) return nullptr;
  const auto op = machine.ops.find(OpToken{token->second});
  if (op == machine.ops.end() || machine.node.power != Power::kRunning) return nullptr;
  return op->second.daemon || runs(machine, op->first) ? &op->second : nullptr;
}

}  // namespace rayctl
