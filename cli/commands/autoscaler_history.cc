#include <deque>
#include <ostream>

#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/find_journal.h"
#include "cli/autoscale/tick_log.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/tick_view.h"

namespace rayctl {
namespace {

class AutoscalerHistoryVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, journal_, false);
    flags.value("--limit", limit_);
    flags.flag("--all", all_);
  }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, journal_, words());
    if (!asked) return asked.error();
    if (*asked) return **asked;
    const Result<std::filesystem::path> path = find_journal(session, journal_);
    if (!path) return path.error();
    std::deque<std::pair<std::string, Json>> newest;
    std::optional<Tick> before;
    const Result<std::size_t> unreadable = read_ticks(*path, [&](const Tick& tick) {
      if (all_ || worth_telling(tick, before ? &*before : nullptr)) {
        newest.emplace_front(session.json ? "" : render_tick(tick, out_style(session)),
                             session.json ? tick_json(tick) : Json());
      }
      if (newest.size() > static_cast<std::size_t>(std::max(limit_, 0))) newest.pop_back();
      before = tick;
    });
    if (!unreadable) return unreadable.error();
    Json list = Json::array();
    for (auto& [text, json] : newest) {
      session.io.out << session.redactor.apply(text);
      list.push_back(std::move(json));
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"ticks", list}});
    } else if (newest.empty()) {
      session.io.err << "nothing was launched, removed or left without a place\n";
    }
    return 0;
  }

 private:
  std::vector<std::string> words() const {
    std::vector<std::string> words{"history", "--limit", std::to_string(limit_)};
    if (all_) words.emplace_back("--all");
    return words;
  }

  ClusterFlags journal_;
  int limit_ = 20;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_history_verb() {
  return std::make_unique<AutoscalerHistoryVerb>();
}

}  // namespace rayctl
