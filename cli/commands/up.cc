#include <ostream>

#include "base/text.h"
#include "cli/commands/session_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"

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
    Result<int> status =
        run_change(session, **cluster, request_of("up", plan_.cluster, change_, goal_of(plan_)));
    if (status && *status == 0 && !session.json) show_next(session, **cluster);
    return status;
  }

 private:
  /// What one does next with a cluster, as `ray up` ends. Left out where no head runs.
  void show_next(Session& session, Cluster& cluster) {
    Result<Looked> looked = look_at_machines(session, cluster);
    if (!looked) return;
    const CloudNode* head = find_head(looked->snapshot, looked->observed);
    if (head == nullptr) return;
    Result<std::vector<std::string>> ssh =
        cluster.world().access(cluster.config().provider).terminal(*head, {});
    session.io.out << "\n";
    if (ssh && ssh->front() == "ssh") {
      std::vector<std::string> words;
      for (const std::string& word : *ssh)
        words.push_back(shell_word(word));
      show_line(session, "ssh", join(words, " "));
    }
    for (const char* verb : {"attach", "dashboard", "down"})
      show_line(session, verb, command_line(verb, plan_.cluster));
  }

  static void show_line(Session& session, const std::string& what, const std::string& line) {
    session.io.out << "  " << out_style(session).dim(pad(what, 11)) << line << "\n";
  }

  PlanFlags plan_;
  ChangeFlags change_;
};

}  // namespace

std::unique_ptr<Verb> make_up_verb() {
  return std::make_unique<UpVerb>();
}

}  // namespace rayctl
