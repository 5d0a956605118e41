#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "config/config.h"

namespace rayctl {
namespace {

class SchemaVerb final : public Verb {
 public:
  void declare(Flags& flags) override { declare_output(flags, json_, no_color_); }

  Result<int> run(Session& session) override {
    take_output(session, json_, no_color_);
    show_json(session, config_schema());
    return 0;
  }

 private:
  bool json_ = false, no_color_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_schema_verb() {
  return std::make_unique<SchemaVerb>();
}

}  // namespace rayctl
