#include <ostream>

#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/own_version.h"
#include "cli/providers.h"
#include "model/codec.h"

namespace rayctl {
namespace {

class VersionVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_output(flags, json_, no_color_); }

  Result<int> run(Session& session) override {
    take_output(session, json_, no_color_);
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"version", own_version()},
                          {"plan_format", kPlanFormat},
                          {"state_format", kStateFormat},
                          {"compiler", "gcc " __VERSION__},
                          {"providers", session.providers.types()}});
    } else {
      session.io.out << "rayctl " << own_version() << "\n";
    }
    return 0;
  }

 private:
  bool json_ = false, no_color_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_version_verb() {
  return std::make_unique<VersionVerb>();
}

}  // namespace rayctl
