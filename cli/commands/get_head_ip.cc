#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

class GetHeadIpVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_); }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    Result<CloudNode> head = running_head(**cluster, *looked);
    if (!head) return head.error();
    const std::string& ip = address_of((*cluster)->config(), *head);
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"ip", ip}});
    } else {
      session.io.out << ip << "\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
};

}  // namespace

std::unique_ptr<Verb> make_get_head_ip_verb() {
  return std::make_unique<GetHeadIpVerb>();
}

}  // namespace rayctl
