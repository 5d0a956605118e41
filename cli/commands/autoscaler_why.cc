#include <ostream>

#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/find_journal.h"
#include "cli/autoscale/tick_log.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/why_view.h"

namespace rayctl {
namespace {

class AutoscalerWhyVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("NODE", node_);
    declare_cluster(flags, journal_, false);
  }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, journal_, {"why", node_});
    if (!asked) return asked.error();
    if (*asked) return **asked;
    const Result<std::filesystem::path> path = find_journal(session, journal_);
    if (!path) return path.error();
    Storyteller teller({node_});
    Time now{};
    const Result<std::size_t> unreadable = read_ticks(*path, [&](const Tick& tick) {
      teller.hear(tick);
      now = tick.at;
    });
    if (!unreadable) return unreadable.error();
    const NodeStory& story = teller.story();
    if (!story.first) {
      return permanent(ErrorCode::kNoSuchNode,
                       "the autoscaler's journal knows no node `" + node_ + "`");
    }
    if (session.json) {
      show_json(session, story_json(story));
    } else {
      session.io.out << session.redactor.apply(render_story(story, now));
    }
    return 0;
  }

 private:
  std::string node_;
  ClusterFlags journal_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_why_verb() {
  return std::make_unique<AutoscalerWhyVerb>();
}

}  // namespace rayctl
