#include <optional>
#include <ostream>

#include "autoscaler/selector_text.h"
#include "cli/autoscale/ask_head.h"
#include "cli/autoscale/find_journal.h"
#include "cli/autoscale/tick_log.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/why_view.h"

namespace rayctl {
namespace {

class AutoscalerWhyNotVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("RESOURCES", resources_);
    declare_cluster(flags, journal_, false);
    flags.value("--labels", labels_);
  }

  Result<int> run(Session& session) override {
    const Result<std::optional<int>> asked = ask_head(session, journal_, words());
    if (!asked) return asked.error();
    if (*asked) return **asked;
    const Result<std::filesystem::path> path = find_journal(session, journal_);
    if (!path) return path.error();
    const Result<ResourceRequest> request = asked_for();
    if (!request) return request.error();
    std::optional<Tick> last;
    const Result<std::size_t> unreadable = read_ticks(
        *path, [&](const Tick& tick) { last = tick; }, 1);
    if (!unreadable) return unreadable.error();
    if (!last) return permanent(ErrorCode::kStateCorrupt, "the journal's last line cannot be read");
    const WhatIf answer = what_if(*last, *request);
    if (session.json) {
      show_json(session, what_if_json(answer));
    } else {
      session.io.out << session.redactor.apply(render_what_if(answer, *request));
    }
    return 0;
  }

 private:
  std::vector<std::string> words() const {
    std::vector<std::string> words{"why-not", resources_};
    if (!labels_.empty()) words.insert(words.end(), {"--labels", labels_});
    return words;
  }

  Result<ResourceRequest> asked_for() const {
    ResourceRequest request;
    Result<Resources> bundle = bundle_from_json(Json::parse(resources_, nullptr, false));
    if (!bundle) return bundle.error();
    request.bundle = *std::move(bundle);
    if (labels_.empty()) return request;
    Result<LabelSelector> selector = selector_from_json(Json::parse(labels_, nullptr, false));
    if (!selector) return selector.error();
    request.selectors = {*std::move(selector)};
    return request;
  }

  std::string resources_, labels_;
  ClusterFlags journal_;
};

}  // namespace

std::unique_ptr<Verb> make_autoscaler_why_not_verb() {
  return std::make_unique<AutoscalerWhyNotVerb>();
}

}  // namespace rayctl
