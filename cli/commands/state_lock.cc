#include <ostream>

#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "state/store_lock.h"

namespace rayctl {
namespace {

class StateLockVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_, false);
    flags.arguments("ACTION", action_);  // "state lock list" is what people try
  }

  Result<int> run(Session& session) override {
    if (cluster_.config == "list" && !action_.empty()) cluster_.config = action_.front();
    Result<OpenState> state = open_state(session, cluster_);
    if (!state) return state.error();
    Result<std::optional<LockInfo>> holder = state->store->holder();
    if (!holder) return holder.error();
    if (session.json) {
      Json lock;
      if (*holder) {
        lock = {{"who", (**holder).who},
                {"pid", (**holder).pid},
                {"purpose", (**holder).purpose},
                {"since", format_time((**holder).since)}};
      }
      show_json(session, {{"format_version", kOutputFormat}, {"lock", lock}});
    } else if (*holder) {
      session.io.out << describe_holder(**holder, session.clock.now()) << "\n";
    } else {
      session.io.out << "Nobody holds the lock of cluster " << state->cluster.text << ".\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::vector<std::string> action_;
};

}  // namespace

std::unique_ptr<Verb> make_state_lock_verb() {
  return std::make_unique<StateLockVerb>();
}

}  // namespace rayctl
