#include "cli/autoscale/cluster_lease.h"

#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "base/files.h"
#include "cli/autoscale/lease_process.h"
#include "cli/autoscale/place.h"
#include "cli/environment.h"
#include "cli/own_version.h"
#include "cli/run.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

/// The longest that one call of an effect takes; what goes on longer runs detached.
constexpr Millis kEffect{60'000};
constexpr Millis kLost{120'000};

}  // namespace

std::unique_ptr<CommandRunner> folder_runner(const ClusterPaths& paths) {
  // Where things lie, and nothing that could be secret.
  std::map<std::string, std::string> env{{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                         {"XDG_STATE_HOME", state_home().parent_path().string()}};
  for (const char* name : {"PATH", "TMPDIR", "LANG", "RAYCTL_RAY"}) {
    if (const char* value = std::getenv(name)) env[name] = value;
  }
  return std::make_unique<LocalRunner>(
      LocalRunnerSettings{.home = paths.folder.string(), .env = std::move(env)});
}

std::unique_ptr<CommandRunner> own_runner() {
  return std::make_unique<LocalRunner>(
      LocalRunnerSettings{.home = home_directory(), .env = whole_environment()});
}

ClusterLease::ClusterLease(Session& session, std::unique_ptr<CommandRunner> runner,
                           const std::string& path, LeaseKind kind)
    : runner_(std::move(runner)),
      here_(own_runner()),
      file_(shared_file(*runner_, path)),
      lease_(std::make_unique<Lease>(
          *file_, this_party(user_at_host(), kind, own_version()), session.clock,
          // A holder ran on the machine of the file, or on this one.
          [there = gone_on(*runner_, session.clock), here = gone_on(*here_, session.clock)](
              const LeaseRecord& holder) { return there(holder) || here(holder); })) {}

Result<std::unique_ptr<ClusterLease>> ClusterLease::open(Session& session, Cluster& cluster,
                                                         const CloudNode* head, LeaseKind kind) {
  const auto make = [&](std::unique_ptr<CommandRunner> runner, const std::string& path) {
    return std::unique_ptr<ClusterLease>(new ClusterLease(session, std::move(runner), path, kind));
  };
  const Config& config = cluster.config();
  if (all_is_here(config)) return make(folder_runner(cluster.paths()), "~/autoscaler/lease");
  if (head == nullptr) return std::unique_ptr<ClusterLease>();
  Result<std::unique_ptr<CommandRunner>> runner =
      cluster.world().access(config.provider).machine_runner(*head);
  if (!runner) return runner.error();
  return make(*std::move(runner), "~/.rayctl/autoscaler/lease");
}

std::unique_ptr<ClusterLease> ClusterLease::beside(Session& session,
                                                   const std::filesystem::path& bundle) {
  const std::filesystem::path folder = std::filesystem::absolute(bundle).parent_path();
  auto runner = std::make_unique<LocalRunner>(LocalRunnerSettings{
      .home = folder.string(), .env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}});
  return std::unique_ptr<ClusterLease>(
      new ClusterLease(session, std::move(runner), "~/lease", LeaseKind::kAutoscaler));
}

Turn::Say LeaseTurn::ask() {
  if (lease_.held()) {
    const Result<LeaseWish> wish = lease_.beat();
    if (!wish) return lease_.held() ? Say::kMine : unreachable(wish.error());
    reached();
    if (*wish == LeaseWish::kEnd) return Say::kEnded;
    return *wish == LeaseWish::kGoOn ? Say::kMine : Say::kOthers;
  }
  const Result<LeaseAnswer> answer = lease_.try_take();
  if (!answer) return unreachable(answer.error());
  reached();
  if (*answer == LeaseAnswer::kTaken) return Say::kMine;
  const bool over = *answer == LeaseAnswer::kEnded || *answer == LeaseAnswer::kNewer;
  return over ? Say::kEnded : Say::kOthers;
}

void LeaseTurn::reached() {
  failing_since_.reset();
  trouble_.clear();
}

Turn::Say LeaseTurn::unreachable(const Error& error) {
  trouble_ = error.message;
  const Time now = clock_.now();
  if (!failing_since_ || now < *failing_since_) failing_since_ = now;
  if (now - *failing_since_ < kLost) return Say::kOthers;
  lost_ = true;
  return Say::kEnded;
}

Result<> LeaseTurn::may_begin() {
  return lease_.still_mine(clock_.now() + kEffect);
}

std::string LeaseTurn::holder() {
  if (lease_.held()) return "";
  const std::optional<LeaseRecord> seen = lease_.seen();
  return seen && !seen->free() ? describe(*seen) : "";
}

}  // namespace rayctl
