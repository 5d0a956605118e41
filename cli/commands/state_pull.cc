#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "model/codec.h"

namespace rayctl {
namespace {

class StatePullVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_, false); }

  Result<int> run(Session& session) override {
    Result<ReadState> state = read_state(session, cluster_);
    if (!state) return state.error();
    show_json(session, to_json(state->snapshot));
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_state_pull_verb() {
  return std::make_unique<StatePullVerb>();
}

}  // namespace rayctl
