#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

class GetWorkerIpsVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, cluster_); }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    std::vector<std::string> ips;
    for (const auto& [provider, machines] : looked->observed.machines) {
      if (!machines) {
        return in_context(machines.error(), "listing the machines of " + provider.text);
      }
    }
    for (const NamedMachine& node : running_machines(*looked)) {
      const std::string& ip = address_of((*cluster)->config(), node.machine);
      if (!node.machine.head && !ip.empty()) ips.push_back(ip);
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
