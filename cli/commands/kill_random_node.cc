#include <unistd.h>

#include <ostream>
#include <random>

#include "applier/node_command.h"
#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};
constexpr Millis kGrace{10'000};

/// A fault for tests of what runs on the cluster. Nothing is recorded: for the next plan the node
/// has failed by itself.
class KillRandomNodeVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.flag("-y,--yes", yes_);
    flags.flag("--hard", hard_);
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<std::unique_ptr<StoreLock>> lock =
        (*cluster)->store().lock({.who = user_at_host(),
                                  .pid = getpid(),
                                  .purpose = "kill-random-node " + cluster_.config,
                                  .since = session.clock.now()},
                                 Millis{0});
    if (!lock) return lock.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    Result<NamedMachine> chosen = choose(**cluster, *looked);
    if (!chosen) return chosen.error();
    const std::string what = (hard_ ? "Terminate " : "Stop Ray on ") + chosen->name.text;
    if (!yes_) {
      Result<bool> yes = ask(session, what + "?", "kill-random-node");
      if (!yes) return yes.error();
      if (!*yes) {
        session.io.err << "Nothing was changed.\n";
        return 1;
      }
    }
    Result<> killed = hard_ ? terminate(session, **cluster, chosen->machine)
                            : stop(session, **cluster, *looked, *chosen);
    if (!killed) return in_context(killed.error(), what);
    const std::string& ip = address_of((*cluster)->config(), chosen->machine);
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"node", chosen->name.text},
                          {"ip", ip},
                          {"hard", hard_}});
    } else {
      session.io.err << (hard_ ? "Terminated " : "Stopped Ray on ") << chosen->name.text << ".\n";
      session.io.out << ip << "\n";
    }
    return 0;
  }

 private:
  static Result<NamedMachine> choose(Cluster& cluster, const Looked& looked) {
    std::vector<NamedMachine> workers = running_machines(looked);
    std::erase_if(workers, [](const NamedMachine& each) { return each.machine.head; });
    if (workers.empty()) {
      Result<CloudNode> head = running_head(cluster, looked);
      if (!head && head.error().code != ErrorCode::kNoSuchNode) return head.error();
      return permanent(ErrorCode::kNoSuchNode,
                       "no worker runs in cluster " + cluster.config().cluster.text);
    }
    std::random_device source;
    return workers[std::uniform_int_distribution<std::size_t>(0, workers.size() - 1)(source)];
  }

  static Result<> terminate(Session& session, Cluster& cluster, const CloudNode& machine) {
    return cluster.world()
        .provider(cluster.config().provider)
        .terminate(machine.id, session.clock.now() + kCall);
  }

  static Result<> stop(Session& session, Cluster& cluster, const Looked& looked,
                       const NamedMachine& chosen) {
    Result<RemoteNode> node = reach_machine(cluster, looked, chosen, RunEnv::kAuto);
    if (!node) return node.error();
    Result<std::optional<OpToken>> started = ray_op(cluster.world(), *node->runner);
    if (!started) return started.error();
    if (*started) {
      return stop_op(*node->runner, **started, kGrace, session.clock,
                     session.clock.now() + 2 * kCall);
    }
    return permanent(ErrorCode::kRayRefused, "nothing has started Ray on " + chosen.name.text);
  }

  ClusterFlags cluster_;
  bool yes_ = false, hard_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_kill_random_node_verb() {
  return std::make_unique<KillRandomNodeVerb>();
}

}  // namespace rayctl
