#include <ostream>

#include "cli/access/state_host_keys.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

class StateUnpinVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("NODE", node_);
  }

  Result<int> run(Session& session) override {
    Result<OpenState> state = open_state(session, cluster_);
    if (!state) return state.error();
    Result<Snapshot> snapshot = state->store->load();
    if (!snapshot) return snapshot.error();
    const auto record = snapshot->nodes.find(NodeName{node_});
    const std::string pinned = record == snapshot->nodes.end() ? node_ : record->second.id.text;
    Result<bool> dropped = state->store->unpin(kHostKeyPin, pinned);
    if (!dropped) return dropped.error();
    if (!*dropped)
      return permanent(ErrorCode::kNoSuchNode, "no host key of `" + node_ + "` is pinned");
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"unpinned", pinned}});
    } else {
      session.io.out << "The host key of " << pinned
                     << " is forgotten; the next login pins the one "
                     << "that it shows then.\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string node_;
};

}  // namespace

std::unique_ptr<Verb> make_state_unpin_verb() {
  return std::make_unique<StateUnpinVerb>();
}

}  // namespace rayctl
