#include <ostream>

#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/find_journal.h"
#include "cli/autoscale/tick_log.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/tick_view.h"

namespace rayctl {
namespace {

class AutoscalerReplayVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_cluster(flags, journal_, false); }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, journal_, {"replay"});
    if (!asked) return asked.error();
    if (*asked) return **asked;
    const Result<std::filesystem::path> path = find_journal(session, journal_);
    if (!path) return path.error();
    std::size_t ticks = 0, different = 0;
    Json list = Json::array();
    const Result<std::size_t> unreadable = read_ticks(*path, [&](const Tick& tick) {
      const std::vector<ReplayDifference> differences = replay(tick);
      ++ticks;
      if (!differences.empty()) ++different;
      if (session.json) {
        list.push_back(replay_json(tick, differences));
      } else {
        session.io.out << session.redactor.apply(
            render_replay(tick, differences, out_style(session)));
      }
    });
    if (!unreadable) return unreadable.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"ticks", list},
                          {"different", different},
                          {"unreadable", *unreadable}});
    } else {
      session.io.err << ticks << " decided again, " << different << " different";
      if (*unreadable > 0) session.io.err << "; " << *unreadable << " could not be read";
      session.io.err << "\n";
    }
    return different == 0 ? 0 : static_cast<int>(ExitClass::kUnclassified);
  }

 private:
  ClusterFlags journal_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_replay_verb() {
  return std::make_unique<AutoscalerReplayVerb>();
}

}  // namespace rayctl
