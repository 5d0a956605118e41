#pragma once
#include <atomic>
#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "applier/world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_work.h"

namespace rayctl {

/// Thrown by everything in a fake world that was killed: the run ends as with kill -9, and what the
/// world holds stays.
struct Killed {};

/// What goes wrong with one call.
enum class Mishap {
  kNone,
  kLostBefore,  ///< kUnknown; it did not happen
  kLostAfter,   ///< kUnknown; it did happen
  kThrottled,   ///< kTransient
  kRefused,     ///< kPermanent
  kKillBefore,  ///< the run is killed; it did not happen
  kKillAfter,   ///< the run is killed; it did happen
};

/// A command that was started on a machine.
struct FakeOp {
  Command command;
  int starts = 0;
  Time started_at;
  std::optional<Time> ends_at;  ///< nullopt: it runs until it is stopped
  int exit_code = 0;
  bool killed = false;
  bool daemon = false;  ///< it left Ray behind, which lives
  std::string output;
  std::string head;  ///< for Ray on a worker: the start of the head that it joined
};

/// A node's container. What runs and lies in it is the machine's own `ops`, `files` and `mounts`,
/// which a new one begins without.
struct FakeContainer {
  ContainerSpec spec;
  bool running = true;
  int made = 0;
};

struct FakeMachine {
  CloudNode node;
  Time made_at, ended_at;
  std::map<std::string, std::string> files;  ///< by path below the home
  std::map<OpToken, FakeOp> ops;
  std::map<std::string, Digest> mounts;  ///< by remote path
  Time busy_until;                       ///< work of Ray on it
  std::optional<Time> drained_at;
  bool deaf = false;  ///< Ray that runs on it never comes up in GCS
  bool mute = false;  ///< it never answers SSH
  std::optional<FakeContainer> container;
};

/// How the world behaves; set before a run.
struct FakeRules {
  Millis list_lag{0};             ///< a new machine is not listed before
  bool prompt = false;            ///< the provider says that its lists lack nothing
  Millis boot{0};                 ///< kPending for so long
  int most_per_create = INT_MAX;  ///< a create makes no more
  Millis ssh_delay{0};            ///< from then on a machine answers, once it runs
  Millis stopping{0};             ///< kStopping for so long, then gone
  Millis command_time{1'000};     ///< of one set-up command
  Millis join_time{2'000};        ///< from the start of Ray until GCS lists the node
  Millis ray_dies_after{0};       ///< the first start of Ray on a node ends after that; 0: never
  std::map<std::string, int> exit_codes;  ///< by a part of the command line
  bool gcs_down = false;
};

/// What the control service of a fake Ray keeps. It is gone with the start of the head that had it.
struct FakeGcs {
  std::string head;  ///< that start
  std::optional<AutoscalerReport> report;
  std::map<std::pair<std::string, std::string>, std::string> keys;
  std::int64_t reads = 0;
};

/// A small cloud with Ray on it: machines, what runs on them, and what Ray thinks of it. Machines
/// outlive a killed run. Thread-safe. Tests look at `machines`, never at the calls.
class FakeWorld {
 public:
  FakeWorld();
  ~FakeWorld();

  /// Everything an apply needs; `store` and this world must outlive it.
  World world(StateStore& store);

  FakeClock clock;
  FakeRules rules;
  std::map<CloudId, FakeMachine> machines;
  std::vector<ResourceSpec> wanted_resources;  ///< what clusters need; empty: nothing
  std::map<ResourceName, SeenResource> resources;
  std::map<std::string, Manifest> local_files;       ///< by FileMount::local
  std::map<std::string, std::string> secrets;        ///< by reference
  std::vector<std::pair<CloudId, std::string>> ran;  ///< shell lines, as given to the node
  std::map<OpToken, int> made_by;                    ///< machines made per token
  std::string auth_token = "cluster-token";
  std::string bootstrap_config;
  bool plain_processes = false;
  FakeGcs gcs;
  /// What runs and waits on Ray. `world.work.submit({{"CPU", 1}}, 8, Millis{60'000})` queues eight
  /// tasks of a minute; they take nodes (whose resources and labels are those of their spec's
  /// `start`) as soon as anything looks at Ray, and end as the clock is turned. A node is idle when
  /// nothing runs on it and its `busy_until` is over; `idle_for` counts from there. What
  /// RayCluster::state says is what waits. `work.interrupted()`: work that lost its node.
  FakeWork work;

  /// Asked before each call: "create", "set_tags", "terminate", "list", "start", "status", "stop",
  /// "sync", "put", "run", "view", "drain", "state", "report", "reported_version", "get_key",
  /// "put_key", "head_info", "list_resources", "make_resource", "remove_resource".
  std::function<Mishap(const std::string& call)> mishap;
  std::function<void(const std::string& point, const Action& action)> crash_point;

  /// Ends every thread that touches the world from now on, until revive().
  void kill() { dead_ = true; }
  void revive() { dead_ = false; }
  void check_alive() const {
    if (dead_) throw Killed{};
  }

  /// Machines that are neither gone nor going.
  std::vector<CloudId> living();
  /// The node of ours on a machine of that name; the test fails hard if there is none.
  FakeMachine& machine(const std::string& node);
  bool runs(const FakeMachine& machine, const OpToken& token);
  /// What ran on the machine is gone, its container is stopped.
  void reboot(FakeMachine& machine);
  /// Null if a runner reaches its machine (and what it is to be run in); else why not.
  std::optional<Error> unreachable(CommandRunner& runner);
  /// The start of Ray (or of the plain process) that runs on the machine; null if none does.
  FakeOp* ray_on(FakeMachine& machine);
  /// Lets work go on until now. Done by itself whenever Ray is looked at or a machine ends.
  void settle();

  std::recursive_mutex mutex;  ///< of everything above

  /// Performs a call unless a mishap says otherwise.
  template <class T>
  Result<T> call(const std::string& name, const std::function<Result<T>()>& happen) {
    check_alive();
    const std::lock_guard lock(mutex);
    switch (mishap ? mishap(name) : Mishap::kNone) {
      case Mishap::kNone:
        return happen();
      case Mishap::kLostBefore:
        return unknown_outcome(ErrorCode::kConnectionLost, name + ": the answer was lost");
      case Mishap::kLostAfter:
        if (Result<T> happened = happen(); !happened) return happened;
        return unknown_outcome(ErrorCode::kConnectionLost, name + ": the answer was lost");
      case Mishap::kThrottled:
        return transient(ErrorCode::kProviderUnavailable, name + ": too many requests");
      case Mishap::kRefused:
        return permanent(ErrorCode::kProviderRefused, name + ": refused");
      case Mishap::kKillBefore:
        kill();
        throw Killed{};
      case Mishap::kKillAfter:
        (void)happen();
        kill();
        throw Killed{};
    }
    return happen();
  }

 private:
  std::atomic<bool> dead_ = false;
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<NodeAccess> access_;
  std::unique_ptr<NodeOps> ops_;
};

std::unique_ptr<Provider> make_fake_provider(FakeWorld& world);
std::unique_ptr<NodeAccess> make_fake_access(FakeWorld& world);
std::unique_ptr<NodeOps> make_fake_ops(FakeWorld& world);
/// `ray stop` on a machine.
void stop_fake_ray(FakeMachine& machine);
/// The control service of the Ray that runs on a machine.
std::unique_ptr<RayCluster> make_fake_ray(FakeWorld& world, const CloudId& head);
/// The machine that a runner of make_fake_access works on, and whether in its container.
CloudId machine_of(CommandRunner& runner);
bool in_container(CommandRunner& runner);

}  // namespace rayctl
