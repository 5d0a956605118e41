#include <filesystem>

#include "base/files.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "model/codec.h"

namespace rayctl {
namespace {

constexpr std::size_t kLargestPlan = 256U << 20;

/// A saved plan, if the file is one. It is JSON and has steps; a cluster's YAML has neither.
Result<std::optional<Json>> read_plan_file(const std::string& path) {
  Result<std::string> text = read_file(path, kLargestPlan);
  if (!text) return permanent(ErrorCode::kConfigUnreadable, text.error().message);
  std::size_t first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (*text)[first] != '{') return std::optional<Json>();
  Json json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !json.contains("steps")) return std::optional<Json>();
  return std::optional<Json>(std::move(json));
}

class ApplyVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_plan(flags, plan_);
    declare_change(flags, change_);
    flags.flag("--destroy", plan_.destroy);
    flags.flag("--auto-approve", auto_approve_);
  }

  Result<int> run(Session& session) override {
    take_output(session, plan_.cluster.json, plan_.cluster.no_color);
    session.ndjson = session.json;
    change_.yes = change_.yes || auto_approve_;
    Result<std::optional<Json>> saved = read_plan_file(plan_.cluster.config);
    if (!saved) return saved.error();
    if (*saved) return run_saved(session, **saved);
    Result<std::unique_ptr<Cluster>> cluster =
        open_for_change(session, plan_.cluster, plan_.destroy);
    if (!cluster) return cluster.error();
    return run_change(session, **cluster,
                      request_of("apply", plan_.cluster, change_, goal_of(plan_)));
  }

 private:
  /// What shaped the plan is in its file: the flags of this run that shape plans are not looked at.
  Result<int> run_saved(Session& session, const Json& json) {
    Result<Plan> plan = plan_from_json(json);
    if (!plan) return plan.error();
    std::optional<PlanSource> source = plan_source(json);
    if (!source) {
      return permanent(ErrorCode::kPlanUnreadable,
                       plan_.cluster.config + " does not name its YAML");
    }
    ClusterFlags flags = plan_.cluster;
    flags.config = source->file;
    flags.cluster_name = source->cluster_name;
    flags.min_workers = source->overrides.min_workers;
    flags.max_workers = source->overrides.max_workers;
    flags.autoscaler = source->autoscaler;
    Result<std::unique_ptr<Cluster>> cluster = open_for_change(session, flags, plan->destroy);
    if (!cluster) return cluster.error();
    Goal goal{.destroy = plan->destroy, .images = plan->images};
    ChangeRequest request = request_of("apply", flags, change_, goal);
    request.subject = plan_.cluster.config;
    request.saved = &*plan;
    return run_change(session, **cluster, request);
  }

  PlanFlags plan_;
  ChangeFlags change_;
  bool auto_approve_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_apply_verb() {
  return std::make_unique<ApplyVerb>();
}

}  // namespace rayctl
