#include <ostream>

#include "base/files.h"
#include "cli/cluster_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "config/config.h"

namespace rayctl {
namespace {

class MigrateVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    flags.argument("CONFIG", cluster_.config);
    flags.value("--out", out_);
    declare_output(flags, cluster_.json, cluster_.no_color);
  }

  Result<int> run(Session& session) override {
    cluster_.old_flags = true;
    Result<Config> config = load_config(session, cluster_, false);
    if (!config) return config.error();
    Result<Migrated> migrated = migrate_config(*config);
    if (!migrated) return migrated.error();
    if (!out_.empty()) {
      Result<> written = write_file_atomic(out_, migrated->yaml, 0644);
      if (!written) return written.error();
    }
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"yaml", migrated->yaml},
                          {"dropped", migrated->dropped}});
      return 0;
    }
    if (out_.empty()) session.io.out << migrated->yaml;
    for (const std::string& each : migrated->dropped)
      session.io.err << "dropped: " << each << "\n";
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string out_;
};

}  // namespace

std::unique_ptr<Verb> make_migrate_verb() {
  return std::make_unique<MigrateVerb>();
}

}  // namespace rayctl
