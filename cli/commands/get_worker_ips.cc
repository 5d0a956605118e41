#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/overview.h"

namespace rayctl {
namespace {

class GetWorkerIpsVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_); }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look(session, **cluster);
    if (!looked) return looked.error();
    std::vector<std::string> ips;
    for (const NodeOverview& node : overview(*looked)) {
      if (!node.head && node.power == Power::kRunning && !node.ip.empty()) ips.push_back(node.ip);
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"ips", ips}});
    } else {
      for (const std::string& ip : ips)
        session.io.out << ip << "\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_get_worker_ips_verb() {
  return std::make_unique<GetWorkerIpsVerb>();
}

}  // namespace rayctl
