#include "cli/proof.h"

#include <ostream>
#include <set>
#include <stop_token>

#include "applier/refresh.h"
#include "base/text.h"
#include "cli/output.h"

namespace rayctl {
namespace {

constexpr Millis kPatience{60'000};
constexpr Millis kPause{500};
constexpr Millis kCall{30'000};

struct Left {
  std::vector<std::string> machines;   ///< "worker-1 (i-0abc, stopping)"
  std::vector<std::string> resources;  ///< "security-group ray-autoscaler-demo (sg-0abc)"
  std::vector<std::string> unlisted;   ///< providers that did not answer, and why
  std::vector<std::string> unseen;     ///< machines that did not answer, and why
  std::vector<std::string> notes;      ///< on what is there and stays
  bool none() const {
    return machines.empty() && resources.empty() && unlisted.empty() && unseen.empty();
  }
};

/// Whether a machine that does not answer may be the cluster's: one that is recorded, or, where
/// nothing was ever recorded, any.
bool may_be_ours(const CloudNode& machine, const Snapshot& snapshot) {
  return machine.cluster || snapshot.lineage.empty();
}

/// Ours of what is beside machines, unless it is to stay.
void look_beside(Session& session, Cluster& cluster, const std::set<ProviderName>& providers,
                 const Snapshot& snapshot, const Goal& goal, Left& left) {
  if (goal.workers_only || goal.options.keep_shared || snapshot.cluster_id.empty()) return;
  Observed observed;
  Snapshot nothing_recorded;
  nothing_recorded.cluster_id = snapshot.cluster_id;
  look_at_resources(cluster.world(), cluster.config().cluster, providers, nothing_recorded, true,
                    session.clock.now() + kCall, observed);
  for (const auto& [provider, resources] : observed.resources) {
    if (!resources) {
      left.unlisted.push_back(provider.text + ": " + resources.error().message);
      continue;
    }
    left.notes.insert(left.notes.end(), resources->notes.begin(), resources->notes.end());
    for (const SeenResource& seen : resources->seen) {
      if (seen.cluster != snapshot.cluster_id) continue;
      left.resources.push_back(seen.name.text + " " + seen.title + " (" + seen.id + ")");
    }
  }
}

Left look_again(Session& session, Cluster& cluster, const std::set<ProviderName>& providers,
                const Snapshot& snapshot, const Goal& goal) {
  const ClusterId& id = snapshot.cluster_id;
  Left left;
  for (const ProviderName& name : providers) {
    Result<std::vector<CloudNode>> machines =
        cluster.world().provider(name).list(cluster.config().cluster, session.clock.now() + kCall);
    if (!machines) {
      left.unlisted.push_back(name.text + ": " + machines.error().message);
      continue;
    }
    for (const CloudNode& machine : *machines) {
      if (goal.workers_only && machine.head) continue;
      if (!machine.unseen.empty() && !cluster.world().provider(name).ends_silent()) {
        if (may_be_ours(machine, snapshot)) {
          left.unseen.push_back("host " + machine.id.text + " does not answer: " + machine.unseen);
        }
        continue;
      }
      bool ours = machine.cluster && (id.empty() || *machine.cluster == id);
      if (machine.power == Power::kGone || !ours) continue;
      std::string known = machine.name ? machine.name->text : "unnamed";
      const std::string held = machine.waits_for.empty() ? "" : ": " + machine.waits_for;
      left.machines.push_back(known + " (" + machine.id.text + held + ")");
    }
  }
  look_beside(session, cluster, providers, snapshot, goal, left);
  return left;
}

}  // namespace

Result<int> prove_empty(Session& session, Cluster& cluster, const Prepared& prepared,
                        const ChangeRequest& request) {
  const Goal& goal = request.goal;
  if (goal.keep_min_workers) return 0;
  std::set<ProviderName> providers{cluster.config().provider};
  for (const auto& [name, record] : prepared.snapshot.nodes)
    providers.insert(record.provider);
  Time deadline = session.clock.now() + kPatience;
  Left left;
  do {
    left = look_again(session, cluster, providers, prepared.snapshot, goal);
    if (left.machines.empty() && left.resources.empty() && left.unlisted.empty()) break;
  } while (session.clock.now() < deadline && session.clock.sleep(kPause, {}));

  bool empty = left.none();
  left.machines.insert(left.machines.end(), left.resources.begin(), left.resources.end());
  left.unlisted.insert(left.unlisted.end(), left.unseen.begin(), left.unseen.end());
  std::string name = cluster.config().cluster.text;
  std::string line;
  if (empty) {
    line = goal.workers_only
               ? "No worker is left of cluster " + name + ": listed again, none found."
               : "Nothing is left of cluster " + name + ": listed again, 0 machines found.";
  } else if (!left.machines.empty()) {
    line = "Still there: " + join(left.machines, ", ") + ". Run `rayctl down` again.";
  } else {
    line = "It could not be proven that nothing is left: " + join(left.unlisted, "; ") + ".";
  }
  if (session.json && !request.aside) {
    show_event(session, {{"type", "proof"},
                         {"empty", empty},
                         {"machines", left.machines},
                         {"unlisted", left.unlisted},
                         {"line", line}});
  } else {
    (empty && !request.aside ? session.io.out : session.io.err) << line << "\n";
    for (const std::string& note : left.notes)
      session.io.err << "note: " << note << "\n";
  }
  if (empty && !goal.workers_only) cluster.drop_token();
  return static_cast<int>(empty ? ExitClass::kOk : ExitClass::kIncomplete);
}

}  // namespace rayctl
