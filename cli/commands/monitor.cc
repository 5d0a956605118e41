#include <algorithm>

#include "base/text.h"
#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/remote_run.h"

namespace rayctl {
namespace {

constexpr Millis kCall{60'000};
constexpr int kNoLog = 66;  // sysexits: EX_NOINPUT

// Arguments: Ray's temporary folder, lines, "-F" to follow. -F goes on when a log is rotated.
constexpr char kTail[] = R"sh(
case $1 in "~"*) dir=$HOME${1#"~"} ;; *) dir=$1 ;; esac
set -- "$2" "$3" "$dir"/session_latest/logs/monitor*
[ -e "$3" ] || { echo "there is no $3" >&2; exit 66; }
lines=$1 follow=$2; shift 2
exec tail -n "$lines" ${follow:+"$follow"} "$@"
)sh";

class MonitorVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("--lines", lines_);
    flags.flag("--follow", follow_);
    flags.ignored("--log-style", true);
    flags.ignored("--log-color", true);
    flags.ignored("-v,--verbose");
  }

  Result<int> run(Session& session) override {
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    Result<NamedMachine> machine = choose_machine(**cluster, *looked, "");
    if (!machine) return machine.error();
    Result<RemoteNode> head = reach_machine(**cluster, *looked, *machine, RunEnv::kAuto);
    if (!head) return head.error();
    const bool follow = follow_ && !session.json;
    const Command tail{
        .argv = {"sh", "-c", kTail, "rayctl-monitor", ray_temp_dir(**cluster, machine->machine),
                 std::to_string(lines_), follow ? "-F" : ""},
        .env = {},
        .input = ""};
    if (!session.json) {
      Result<int> status = run_through(session, *head, tail);
      return status && *status == kNoLog ? no_log(*head) : status;
    }
    Result<CommandOutput> output = head->runner->run(tail, session.clock.now() + kCall);
    if (!output) return output.error();
    if (output->exit_code == kNoLog) return no_log(*head);
    std::vector<std::string> lines = last_lines(output->out, static_cast<std::size_t>(-1));
    show_json(session, {{"format_version", kOutputFormat}, {"lines", lines}});
    return 0;
  }

 private:
  static Error no_log(const RemoteNode& head) {
    return permanent(ErrorCode::kCommandFailed,
                     "Ray's monitor has written no log on " + head.name.text +
                         ": it does not run there, or Ray was never started");
  }

  ClusterFlags cluster_;
  int lines_ = 100;
  bool follow_ = true;
};

}  // namespace

std::unique_ptr<Verb> make_monitor_verb() {
  return std::make_unique<MonitorVerb>();
}

}  // namespace rayctl
