#include "cli/autoscale/ask_head.h"

#include <filesystem>
#include <ostream>

#include "cli/autoscale/place.h"
#include "cli/commands/change_flags.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

constexpr Millis kAnswer{60'000};
constexpr int kNothingThere = 72;  // EX_OSFILE

// Of the newest bundle: an older program may not know what a newer one wrote.
constexpr char kAsk[] = R"sh(
cd ~/.rayctl/autoscaler 2>/dev/null || exit 72
for run in $(ls -td bundle-*/program/run 2>/dev/null); do
  exec "./$run" autoscaler "$@" --state "$PWD/state/state.db"
done
exit 72
)sh";

bool names_cluster(const ClusterFlags& flags) {
  std::error_code ignored;
  const std::filesystem::path named = flags.config;
  return !named.empty() && named.extension() != ".ndjson" &&
         !std::filesystem::is_directory(named, ignored);
}

}  // namespace

Result<std::optional<int>> ask_head(Session& session, const ClusterFlags& flags,
                                    const std::vector<std::string>& words) {
  if (!names_cluster(flags)) return std::optional<int>();
  Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, flags);
  if (!cluster) return cluster.error();
  const Result<Snapshot> records = (*cluster)->store().load();
  if (!records) return records.error();
  const AutoscalerPlace place =
      recorded_place(*records).value_or(wanted_place((*cluster)->config()));
  if (place != AutoscalerPlace::kHead) return std::optional<int>();
  const Result<Looked> looked = look_at_machines(session, **cluster);
  if (!looked) return looked.error();
  const CloudNode* head = find_head(looked->snapshot, looked->observed);
  if (head == nullptr) return permanent(ErrorCode::kNoSuchNode, "no head runs");
  Result<std::unique_ptr<CommandRunner>> runner =
      (*cluster)->world().access((*cluster)->config().provider).machine_runner(*head);
  if (!runner) return runner.error();

  Command command{{"sh", "-c", kAsk, "rayctl-autoscaler"}, {}, ""};
  command.plain = true;
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.argv.insert(command.argv.end(), {"-n", (*cluster)->config().cluster.text});
  if (flags.json) command.argv.emplace_back("--json");
  const Result<CommandOutput> answer = (*runner)->run(command, session.clock.now() + kAnswer);
  if (!answer) return in_context(answer.error(), "asking the autoscaler on the head");
  if (answer->exit_code == kNothingThere) {
    return permanent(ErrorCode::kNoSuchNode,
                     "no autoscaler was started on the head; `rayctl apply` starts it");
  }
  session.io.out << answer->out;
  session.io.err << answer->err;
  return std::optional(answer->exit_code);
}

}  // namespace rayctl
