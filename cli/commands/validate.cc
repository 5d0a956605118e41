#include <ostream>

#include "base/text.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/views/diagnostic_view.h"

namespace rayctl {
namespace {

class ValidateVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("CONFIG", cluster_.config);
    flags.value("-n,--cluster-name", cluster_.cluster_name);
    flags.flag("--strict", strict_);
    declare_output(flags, cluster_.json, cluster_.no_color);
  }

  Result<int> run(Session& session) override {
    Result<Config> config = load_config(session, cluster_, true);
    if (!config) return config.error();
    bool refused = strict_ && !session.diagnostics.empty();
    if (refused) {
      return permanent(ErrorCode::kConfigInvalid, count_diagnostics(session.diagnostics) + " in " +
                                                      cluster_.config + ", and --strict was given");
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"file", cluster_.config},
                          {"valid", true},
                          {"cluster_name", config->cluster.text},
                          {"provider", config->provider.text},
                          {"older_form", config->older_form},
                          {"node_types", config->node_types.size()},
                          {"diagnostics", to_json(session.diagnostics)}});
      return 0;
    }
    std::string warnings = count_diagnostics(session.diagnostics);
    show_diagnostics(session);
    session.io.out << cluster_.config << " is valid: cluster " << config->cluster.text << " on "
                   << config->provider.text << ", "
                   << plural(config->node_types.size(), "node type")
                   << (warnings.empty() ? "" : "; " + warnings) << ".\n";
    if (config->older_form) {
      session.io.err << "It is in the older form; `rayctl migrate " << cluster_.config
                     << "` prints it in the newer one.\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  bool strict_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_validate_verb() {
  return std::make_unique<ValidateVerb>();
}

}  // namespace rayctl
