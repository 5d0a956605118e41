#include <algorithm>
#include <ostream>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/board.h"
#include "cli/views/plan_view.h"

namespace rayctl {
namespace {

class PlanVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_plan(flags, plan_);
    flags.flag("--destroy", plan_.destroy);
    flags.value("--out", out_);
    flags.flag("--detailed-exitcode", detailed_);
    flags.flag("--explain", explain_);
  }

  Result<int> run(Session& session) override {
    if (detailed_) session.exit_rule = ExitRule::kAlwaysOne;
    Result<Config> config = load_config(session, plan_.cluster, !plan_.destroy);
    if (!config) return config.error();
    ClusterPaths paths = cluster_paths(config->cluster, plan_.cluster.state);
    Result<std::unique_ptr<Cluster>> cluster = Cluster::open(session, *std::move(config), paths);
    if (!cluster) return cluster.error();
    Result<Prepared> prepared = prepare(session, **cluster, goal_of(plan_));
    if (!prepared) return prepared.error();
    const Plan& plan = prepared->plan;
    if (!out_.empty()) {
      Result<> saved =
          write_file_atomic(out_, plan_json(plan, source_of(plan_.cluster)).dump(2) + "\n");
      if (!saved) return saved.error();
    }
    show(session, **cluster, *prepared);
    return detailed_ && !is_empty(plan) ? 2 : 0;
  }

 private:
  void show(Session& session, Cluster& cluster, const Prepared& prepared) {
    if (session.json) {
      show_json(session, plan_json(prepared.plan, source_of(plan_.cluster)));
      return;
    }
    show_diagnostics(session);
    std::size_t seen = 0;
    for (const auto& [provider, machines] : prepared.observed.machines) {
      if (!machines) continue;
      seen += static_cast<std::size_t>(
          std::count_if(machines->begin(), machines->end(),
                        [](const CloudNode& each) { return each.power != Power::kGone; }));
    }
    PlanViewOptions options{.where = place_of(cluster.config()),
                            .serial = prepared.snapshot.serial,
                            .explain = explain_,
                            .no_restart = plan_.no_restart};
    options.refreshed = plan_.refresh ? "refreshed " + plural(seen, "node") + " in " +
                                            format_took(prepared.refresh_took)
                                      : "not refreshed";
    session.io.out << session.redactor.apply(
        render_plan(prepared.plan, options, out_style(session)));
    if (!out_.empty()) session.io.err << "Saved to " << out_ << ": rayctl apply " << out_ << "\n";
  }

  PlanFlags plan_;
  std::string out_;
  bool detailed_ = false, explain_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_plan_verb() {
  return std::make_unique<PlanVerb>();
}

}  // namespace rayctl
