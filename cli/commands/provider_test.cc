#include <algorithm>
#include <ostream>

#include "base/digest.h"
#include "base/text.h"
#include "cli/access/python_class.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/style.h"
#include "providers/python/class_rules.h"

namespace rayctl {
namespace {

using python::RuleOutcome;
using python::Verdict;

constexpr std::size_t kTracebackLines = 12;

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kKept:
      return "ok";
    case Verdict::kLimit:
      return "limit";
    case Verdict::kBroken:
      return "broken";
    case Verdict::kUnseen:
      return "unseen";
  }
  return "";
}

/// The type whose machines are made: the first one of workers, or the head's.
const NodeTypeConfig& tried_type(const Config& config) {
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name != config.head_type) return type;
  }
  return config.node_types.front();
}

class ProviderTestVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("CLASS", class_);
    flags.value("--config", cluster_.config);
    flags.duration("--patience", patience_);
    declare_output(flags, cluster_.json, cluster_.no_color);
  }

  Result<int> run(Session& session) override {
    if (cluster_.config.empty()) {
      return permanent(ErrorCode::kUsage, "--config FILE says how the class is set up");
    }
    Result<Config> config = load_config(session, cluster_, false);
    if (!config) return config.error();
    if (class_.find('.') == std::string::npos) {
      config->provider = {class_};
    } else {
      config->provider = {"external"};
      config->provider_settings["module"] = class_;
    }
    // The files of the rest of the cluster are no concern of the class.
    config->cluster = {"rayctl-test-" + random_hex(3)};
    const NodeTypeConfig& type = tried_type(*config);
    if (Result<std::shared_ptr<python::Bridge>> first =
            bridge_to_class(*config, session.io, session.clock);
        !first) {
      return first.error();
    }
    const std::vector<RuleOutcome> outcomes = python::try_rules(
        {.bridge = [&] { return *bridge_to_class(*config, session.io, session.clock); },
         .cluster = config->cluster,
         .node_type = type.name.text,
         .node_config = type.node_config,
         .resources = Json(type.resources),
         .patience = patience_,
         .clock = session.clock,
         .tell = [&](const RuleOutcome& outcome) { show(session, outcome); }});
    return conclude(session, outcomes);
  }

 private:
  void show(Session& session, const RuleOutcome& outcome) const {
    if (session.json) return;
    session.io.out << pad(word(outcome.verdict), 7) << pad(outcome.method, 25) << " "
                   << outcome.rule << "\n";
    const std::string indent(8, ' ');
    if (!outcome.found.empty()) session.io.out << indent << "-> " << outcome.found << "\n";
    const std::size_t from = outcome.lines.size() - std::min(outcome.lines.size(), kTracebackLines);
    for (std::size_t at = from; at < outcome.lines.size(); ++at)
      session.io.out << indent << "   " << outcome.lines[at] << "\n";
    session.io.out.flush();
  }

  int conclude(Session& session, const std::vector<RuleOutcome>& outcomes) const {
    const auto count = [&](Verdict verdict) {
      return static_cast<std::size_t>(
          std::count_if(outcomes.begin(), outcomes.end(),
                        [&](const RuleOutcome& each) { return each.verdict == verdict; }));
    };
    const std::size_t bad = count(Verdict::kBroken);
    if (session.json) {
      Json rules = Json::array();
      for (const RuleOutcome& each : outcomes) {
        rules.push_back({{"method", each.method},
                         {"rule", each.rule},
                         {"verdict", word(each.verdict)},
                         {"found", each.found},
                         {"traceback", each.lines}});
      }
      show_json(session, {{"format_version", kOutputFormat},
                          {"class", class_},
                          {"broken", bad},
                          {"rules", std::move(rules)}});
    } else {
      session.io.err << class_ << ": " << plural(outcomes.size(), "rule") << ", " << bad
                     << " broken, " << plural(count(Verdict::kLimit), "limit") << ".\n";
    }
    return bad == 0 ? 0 : static_cast<int>(ExitClass::kUnclassified);
  }

  ClusterFlags cluster_;
  std::string class_;
  Millis patience_{30'000};
};

}  // namespace

std::unique_ptr<Verb> make_provider_test_verb() {
  return std::make_unique<ProviderTestVerb>();
}

}  // namespace rayctl
