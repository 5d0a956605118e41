#include <ostream>

#include "base/text.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "model/codec.h"

namespace rayctl {
namespace {

class StateShowVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_, false);
    flags.argument("NODE", node_, false);
  }

  Result<int> run(Session& session) override {
    Result<ReadState> state = read_state(session, cluster_);
    if (!state) return state.error();
    const Snapshot& snapshot = state->snapshot;
    if (!node_.empty()) return show_node(session, snapshot);
    if (session.json) {
      show_json(session, to_json(snapshot));
      return 0;
    }
    session.io.out << "cluster " << snapshot.cluster.text << ", id " << snapshot.cluster_id.text
                   << "\nserial " << snapshot.serial << ", lineage " << snapshot.lineage
                   << ", epoch " << snapshot.epoch << "\n";
    for (const auto& [name, record] : snapshot.nodes) {
      session.io.out << "  " << name.text << "  " << to_text(record.phase) << "  " << record.id.text
                     << "  " << record.ip << "\n";
    }
    for (const OpenOp& op : snapshot.open) {
      session.io.out << "  open since " << format_time(op.begun_at) << ": " << verb_of(op.action)
                     << " (" << op.token.text << ")\n";
    }
    return 0;
  }

 private:
  Result<int> show_node(Session& session, const Snapshot& snapshot) {
    auto found = snapshot.nodes.find(NodeName{node_});
    if (found == snapshot.nodes.end()) {
      return permanent(ErrorCode::kNoSuchNode, "no node `" + node_ + "` is recorded");
    }
    Json record = to_json(found->second);
    record["name"] = node_;
    record["format_version"] = kStateFormat;
    show_json(session, record);
    return 0;
  }

  ClusterFlags cluster_;
  std::string node_;
};

}  // namespace

std::unique_ptr<Verb> make_state_show_verb() {
  return std::make_unique<StateShowVerb>();
}

}  // namespace rayctl
