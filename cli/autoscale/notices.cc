#include "cli/autoscale/notices.h"

#include <set>
#include <utility>

#include "base/parallel.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kAtOnce = 16;
constexpr Millis kAnswer{10'000};
/// Well below the two minutes by which EC2's notice comes ahead.
constexpr Millis kRound{10'000};
constexpr Millis kNobody{1'000};

}  // namespace

Notices::Notices(World& world, ProviderName provider, std::string script)
    : world_(world), provider_(std::move(provider)), script_(std::move(script)) {
  if (script_.empty()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Notices::~Notices() = default;

void Notices::apply(Observed& observed) {
  const auto listed = observed.machines.find(provider_);
  if (script_.empty() || listed == observed.machines.end() || !listed->second) return;
  const std::lock_guard lock(mutex_);
  machines_.clear();
  std::map<CloudId, Time> there;
  for (CloudNode& machine : *listed->second) {
    if (machine.head || machine.power != Power::kRunning) continue;
    machines_.push_back(machine);
    const auto known = ends_.find(machine.id);
    if (known == ends_.end()) continue;
    machine.ends_at = known->second;
    there.insert(*known);
  }
  ends_ = std::move(there);
}

void Notices::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<CloudNode> machines;
    {
      const std::lock_guard lock(mutex_);
      machines = machines_;
    }
    for_each_index(machines.size(), kAtOnce, [&](std::size_t at) {
      if (!stop.stop_requested()) ask(machines[at]);
    });
    world_.clock.sleep(machines.empty() ? kNobody : kRound, stop);
  }
}

void Notices::ask(const CloudNode& machine) {
  Result<std::unique_ptr<CommandRunner>> runner = world_.access(provider_).machine_runner(machine);
  if (!runner) return;
  Command command{{"sh", "-c", script_}, {}, ""};
  command.plain = true;
  const Result<CommandOutput> said = (*runner)->run(command, world_.clock.now() + kAnswer);
  if (!said || trim(said->out).empty()) return;
  const Time at = parse_time(trim(said->out));
  if (at == Time{}) return;
  const std::lock_guard lock(mutex_);
  ends_[machine.id] = at;
}

}  // namespace rayctl
