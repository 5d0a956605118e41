#include <ostream>

#include "base/files.h"
#include "cli/commands/open_state.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "model/codec.h"
#include "state/push.h"

namespace rayctl {
namespace {

class StatePushVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("FILE", file_);
    flags.duration("--lock-timeout", lock_timeout_);
  }

  Result<int> run(Session& session) override {
    Result<OpenState> state = open_state(session, cluster_);
    if (!state) return state.error();
    Result<std::string> text = read_file(file_);
    if (!text) return text.error();
    Json json = Json::parse(*text, nullptr, false);
    if (json.is_discarded()) return permanent(ErrorCode::kUsage, file_ + " is no JSON");
    Result<Snapshot> incoming = snapshot_from_json(json);
    if (!incoming) return incoming.error();
    Result<std::unique_ptr<StoreLock>> lock =
        lock_state(session, *state, "state push " + file_, lock_timeout_);
    if (!lock) return lock.error();
    Result<Snapshot> current = state->store->load();
    if (!current) return current.error();
    if (Result<> allowed = check_push(*current, *incoming); !allowed) return allowed.error();
    Result<std::int64_t> serial = state->store->replace(*incoming, current->serial);
    if (!serial) return serial.error();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat}, {"serial", *serial}});
    } else {
      session.io.out << "State replaced (serial " << *serial << ").\n";
    }
    return 0;
  }

 private:
  ClusterFlags cluster_;
  std::string file_;
  Millis lock_timeout_{0};
};

}  // namespace

std::unique_ptr<Verb> make_state_push_verb() {
  return std::make_unique<StatePushVerb>();
}

}  // namespace rayctl
