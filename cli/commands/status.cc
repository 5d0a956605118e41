#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/status_view.h"

namespace rayctl {
namespace {

class StatusVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.flag("--refresh", refresh_);
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look(session, **cluster, refresh_);
    if (!looked) return looked.error();
    std::vector<NodeOverview> nodes = overview(*looked);
    const Config& config = (*cluster)->config();
    if (session.json) {
      show_json(session, status_json(config, *looked, nodes));
    } else {
      session.io.out << session.redactor.apply(
          render_status(config, *looked, nodes, out_style(session)));
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  bool refresh_ = true;
};

}  // namespace

std::unique_ptr<Verb> make_status_verb() {
  return std::make_unique<StatusVerb>();
}

}  // namespace rayctl
