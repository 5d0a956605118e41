#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"

namespace rayctl {
namespace {

/// `ray up`: an apply that restarts Ray everywhere unless told not to.
class UpVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_plan(flags, plan_);
    declare_change(flags, change_);
    flags.ignored("--no-config-cache");
    flags.ignored("--redirect-command-output");
    flags.ignored("--use-login-shells");
    flags.ignored("--use-normal-shells");
    flags.ignored("--disable-usage-stats");
    flags.ignored("--log-style", true);
    flags.ignored("--log-color", true);
    flags.ignored("-v,--verbose");
  }

  Result<int> run(Session& session) override {
    take_output(session, plan_.cluster.json, plan_.cluster.no_color);
    session.ndjson = session.json;
    plan_.restart = !plan_.no_restart;
    Result<std::unique_ptr<Cluster>> cluster = open_for_change(session, plan_.cluster, false);
    if (!cluster) return cluster.error();
    return run_change(session, **cluster, request_of("up", plan_.cluster, change_, goal_of(plan_)));
  }

 private:
  PlanFlags plan_;
  ChangeFlags change_;
};

}  // namespace

std::unique_ptr<Verb> make_up_verb() {
  return std::make_unique<UpVerb>();
}

}  // namespace rayctl
