#include <algorithm>
#include <ostream>

#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/node_list.h"
#include "model/codec.h"

namespace rayctl {
namespace {

class StateListVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_, false); }

  Result<int> run(Session& session) override {
    Result<OpenState> state = open_state(session, cluster_);
    if (!state) return state.error();
    Result<Snapshot> snapshot = state->store->load();
    if (!snapshot) return snapshot.error();
    std::vector<NodeName> names;
    for (const auto& [name, record] : snapshot->nodes)
      names.push_back(name);
    std::sort(names.begin(), names.end(), natural_less);
    Json list = Json::array();
    for (const NodeName& name : names) {
      Json record = to_json(snapshot->nodes.at(name));
      record["name"] = name.text;
      list.push_back(std::move(record));
      if (!session.json) session.io.out << name.text << "\n";
    }
    if (session.json) {
      show_json(session, {{"format_version", kStateFormat},
                          {"cluster", state->cluster.text},
                          {"serial", snapshot->serial},
                          {"nodes", list}});
    } else if (names.empty()) {
      session.io.err << "No node is recorded of cluster " << state->cluster.text << ".\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_state_list_verb() {
  return std::make_unique<StateListVerb>();
}

}  // namespace rayctl
