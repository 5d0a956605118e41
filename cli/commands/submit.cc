#include <filesystem>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

constexpr Millis kUpload{600'000};

class SubmitVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("SCRIPT", script_);
    flags.arguments("ARGUMENTS", arguments_);
    declare_session(flags, session_flags_);
  }

  Result<int> run(Session& session) override {
    session.exit_rule = ExitRule::kRemote;
    take_output(session, cluster_.json, cluster_.no_color);
    std::filesystem::path script(script_);
    std::error_code problem;
    if (!std::filesystem::is_regular_file(script, problem)) {
      return permanent(ErrorCode::kIo, "there is no file " + script_);
    }
    return with_cluster(session, cluster_, session_flags_,
                        [&](Cluster& cluster, const Looked& looked) {
                          return submit(session, cluster, looked, script);
                        });
  }

 private:
  Result<int> submit(Session& session, Cluster& cluster, const Looked& looked,
                     const std::filesystem::path& script) {
    Result<RemoteNode> head = reach_node(cluster, looked, "");
    if (!head) return head.error();
    std::string name = script.filename().string();
    Result<> sent = head->runner->upload(script, "~/" + name, 0700, session.clock.now() + kUpload);
    if (!sent) return in_context(sent.error(), "sending " + script_);
    Command command{.argv = {python_of(cluster, head->machine), "-u", "./" + name},
                    .env = head->env};
    command.argv.insert(command.argv.end(), arguments_.begin(), arguments_.end());
    return run_through(session, *head, command);
  }

  ClusterFlags cluster_;
  SessionFlags session_flags_;
  std::string script_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Verb> make_submit_verb() {
  return std::make_unique<SubmitVerb>();
}

}  // namespace rayctl
