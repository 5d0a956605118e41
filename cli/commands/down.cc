#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"

namespace rayctl {
namespace {

class DownVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    declare_change(flags, change_);
    flags.flag("--workers-only", workers_only_);
    flags.flag("--keep-min-workers", keep_min_workers_);
    flags.flag("--keep-shared", keep_shared_);
    flags.ignored("--log-style", true);
    flags.ignored("--log-color", true);
    flags.ignored("-v,--verbose");
  }

  Result<int> run(Session& session) override {
    take_output(session, cluster_.json, cluster_.no_color);
    session.ndjson = session.json;
    Result<std::unique_ptr<Cluster>> cluster = open_for_change(session, cluster_, true);
    if (!cluster) return cluster.error();
    Goal goal{
        .destroy = true, .workers_only = workers_only_, .keep_min_workers = keep_min_workers_};
    goal.options.keep_shared = keep_shared_;
    return run_change(session, **cluster, request_of("down", cluster_, change_, goal));
  }

 private:
  ClusterFlags cluster_;
  ChangeFlags change_;
  bool workers_only_ = false, keep_min_workers_ = false, keep_shared_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_down_verb() {
  return std::make_unique<DownVerb>();
}

}  // namespace rayctl
