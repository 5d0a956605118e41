#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

namespace rayctl {
namespace {

class IamPolicyVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("--for", who_);
  }

  Result<int> run(Session& session) override {
    if (!who_.empty() && who_ != "operator" && who_ != "head") {
      return permanent(ErrorCode::kUsage, "--for takes `operator` or `head`");
    }
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<CloudDesk*> desk = (*cluster)->desk();
    if (!desk) return desk.error();
    Json all = Json::array();
    for (const RightsDocument& each : (*desk)->rights()) {
      if (each.who == who_) {
        session.io.out << each.document.dump(2) << "\n";
        return 0;
      }
      all.push_back({{"who", each.who}, {"document", each.document}});
    }
    if (!who_.empty()) {
      return permanent(ErrorCode::kNotSupported, "the " + who_ + " needs no rights of its own");
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"policies", all}});
      return 0;
    }
    for (const Json& each : all) {
      session.io.err << "For the " << each["who"].get<std::string>() << ":\n";
      session.io.out << each["document"].dump(2) << "\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string who_;
};

}  // namespace

std::unique_ptr<Verb> make_iam_policy_verb() {
  return std::make_unique<IamPolicyVerb>();
}

}  // namespace rayctl
