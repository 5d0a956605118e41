#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/confirm.h"
#include "cli/output.h"

namespace rayctl {
namespace {

class StateRmVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("NODE", node_);
    flags.flag("-y,--yes", yes_);
    flags.duration("--lock-timeout", lock_timeout_);
  }

  Result<int> run(Session& session) override {
    Result<ReadState> state = read_state(session, cluster_);
    if (!state) return state.error();
    Result<std::unique_ptr<StoreLock>> lock =
        lock_state(session, state->open, "state rm " + node_, lock_timeout_);
    if (!lock) return lock.error();
    Result<Snapshot> snapshot = state->open.store->load();
    if (!snapshot) return snapshot.error();
    if (snapshot->nodes.erase(NodeName{node_}) == 0) {
      return permanent(ErrorCode::kNoSuchNode, "no node `" + node_ + "` is recorded");
    }
    if (!yes_) {
      Result<bool> yes =
          ask(session, "Forget " + node_ + "? Its machine is not touched.", "state rm");
      if (!yes) return yes.error();
      if (!*yes) return 1;
    }
    Result<std::int64_t> serial = state->open.store->replace(*snapshot, snapshot->serial);
    if (!serial) return serial.error();
    if (session.json) {
      show_json(session,
                {{"format_version", kOutputFormat}, {"removed", node_}, {"serial", *serial}});
    } else {
      session.io.out << node_ << " is no longer recorded (serial " << *serial
                     << "). If its machine lives, the next plan adopts it again.\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string node_;
  bool yes_ = false;
  Millis lock_timeout_{0};
};

}  // namespace

std::unique_ptr<Verb> make_state_rm_verb() {
  return std::make_unique<StateRmVerb>();
}

}  // namespace rayctl
