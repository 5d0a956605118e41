#include <ostream>

#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "model/codec.h"

namespace rayctl {
namespace {

class StateHistoryVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_, false);
    flags.value("--limit", limit_);
    flags.flag("--operations", operations_);
  }

  Result<int> run(Session& session) override {
    Result<OpenState> state = open_state(session, cluster_);
    if (!state) return state.error();
    return operations_ ? show_operations(session, *state->store)
                       : show_runs(session, *state->store);
  }

 private:
  Result<int> show_runs(Session& session, StateStore& store) {
    Result<std::vector<RunRecord>> runs = store.history(limit_);
    if (!runs) return runs.error();
    Json list = Json::array();
    for (const RunRecord& run : *runs) {
      std::string outcome = run.ended_at ? run.outcome : "not ended";
      if (!session.json) {
        session.io.out << format_time(run.started_at) << "  " << run.id << "  " << run.command
                       << "  " << run.who << "  " << outcome << "  " << run.summary << "\n";
      }
      Json plan = Json::parse(run.plan, nullptr, false);
      list.push_back({{"id", run.id},
                      {"command", run.command},
                      {"who", run.who},
                      {"started_at", format_time(run.started_at)},
                      {"ended_at", run.ended_at ? Json(format_time(*run.ended_at)) : Json()},
                      {"outcome", run.outcome.empty() ? Json() : Json(run.outcome)},
                      {"summary", run.summary},
                      {"serial", run.serial},
                      {"plan", plan.is_discarded() ? Json() : plan}});
    }
    if (session.json) show_json(session, {{"format_version", kOutputFormat}, {"runs", list}});
    return 0;
  }

  Result<int> show_operations(Session& session, StateStore& store) {
    Result<std::vector<JournalLine>> lines = store.journal(limit_);
    if (!lines) return lines.error();
    Json list = Json::array();
    for (const JournalLine& line : *lines) {
      std::string outcome = !line.finished_at ? "open" : line.succeeded ? "done" : "failed";
      if (!session.json) {
        session.io.out << format_time(line.begun_at) << "  " << verb_of(line.action) << "  "
                       << outcome << "  " << line.error << "\n";
      }
      list.push_back(
          {{"token", line.token.text},
           {"action", to_json(line.action)},
           {"begun_at", format_time(line.begun_at)},
           {"finished_at", line.finished_at ? Json(format_time(*line.finished_at)) : Json()},
           {"outcome", outcome},
           {"error", line.error.empty() ? Json() : Json(line.error)}});
    }
    if (session.json) show_json(session, {{"format_version", kOutputFormat}, {"operations", list}});
    return 0;
  }

  ClusterFlags cluster_;
  int limit_ = 20;
  bool operations_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_state_history_verb() {
  return std::make_unique<StateHistoryVerb>();
}

}  // namespace rayctl
