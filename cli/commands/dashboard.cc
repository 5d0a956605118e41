#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/overview.h"

namespace rayctl {
namespace {

class DashboardVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("-p,--port", port_);
    flags.ignored("--remote-port", true);
    flags.ignored("--no-config-cache");
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look(session, **cluster);
    if (!looked) return looked.error();
    Result<CloudNode> head = running_head(**cluster, *looked);
    if (!head) return head.error();
    NodeAccess& access = (*cluster)->world().access((*cluster)->config().provider);
    Result<std::string> url = access.dashboard_url(*head);
    if (!url) return url.error();
    bool token = !(*cluster)->world().auth_token.empty();
    std::string token_file = ((*cluster)->paths().folder / "ray_token").string();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"url", *url},
                          {"token_file", token ? Json(token_file) : Json()}});
      return 0;
    }
    session.io.out << *url << "\n";
    if (token) session.io.err << "It asks for the cluster's token: " << token_file << "\n";
    if (port_) session.io.err << "The head is on this machine: no port is forwarded.\n";
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::optional<int> port_;
};

}  // namespace

std::unique_ptr<Verb> make_dashboard_verb() {
  return std::make_unique<DashboardVerb>();
}

}  // namespace rayctl
