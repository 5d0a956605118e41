#include <filesystem>

#include "base/text.h"
#include "cli/commands/session_flags.h"
#include "cli/commands/verbs.h"
#include "cli/remote_run.h"

namespace rayctl {
namespace {

constexpr Millis kUpload{600'000};

class SubmitVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.argument("SCRIPT", script_);
    flags.arguments("ARGUMENTS", arguments_);
    flags.value("--args", args_);
    flags.value("--extra-screen-args", screen_args_);
    declare_command_session(flags, wanted_);
  }

  Result<int> run(Session& session) override {
    session.exit_rule = ExitRule::kRemote;
    take_output(session, cluster_.json, cluster_.no_color);
    Result<RunEnv> where = parse_run_env(wanted_.run_env);
    if (!where) return where.error();
    if (!args_.empty() && !arguments_.empty()) {
      return permanent(ErrorCode::kUsage, "give the script's arguments after --, not by --args");
    }
    if (!screen_args_.empty() && !wanted_.screen) {
      return permanent(ErrorCode::kUsage, "--extra-screen-args needs --screen");
    }
    const std::filesystem::path script(script_);
    std::error_code problem;
    if (!std::filesystem::is_regular_file(script, problem)) {
      return permanent(ErrorCode::kIo, "there is no file " + script_);
    }
    Result<OpenSession> open = open_session(session, cluster_, wanted_);
    if (!open) return open.error();
    Result<NamedMachine> machine = choose_machine(*open->cluster, open->looked, "");
    if (!machine) return machine.error();
    Result<RemoteNode> head = reach_machine(*open->cluster, open->looked, *machine, *where);
    if (!head) return head.error();
    const std::string name = script.filename().string();
    Result<> sent = head->runner->upload(script, "~/" + name, 0700, session.clock.now() + kUpload);
    if (!sent) return in_context(sent.error(), "sending " + script_ + " to " + head->name.text);
    HeadCommand how;
    for (const std::string& word : split(screen_args_, ' ')) {
      if (!word.empty()) how.screen_args.push_back(word);
    }
    return run_on_head(session, cluster_, wanted_, *open, *head,
                       command_on(*open->cluster, *head, name), how);
  }

 private:
  Command command_on(Cluster& cluster, const RemoteNode& head, const std::string& name) const {
    std::vector<std::string> words = python_argv(cluster, head.machine);
    words.insert(words.end(), {"-u", "./" + name});
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    // Ray pastes --args into a shell line, so that one flag can hold several arguments.
    if (!args_.empty()) {
      words.insert(words.begin(), {"bash", "-c", "exec \"$@\" " + args_, "rayctl-submit"});
    }
    return program_on_node(head, words);
  }

  ClusterFlags cluster_;
  SessionFlags wanted_;
  std::string script_, args_, screen_args_;
  std::vector<std::string> arguments_;
};

}  // namespace

std::unique_ptr<Verb> make_submit_verb() {
  return std::make_unique<SubmitVerb>();
}

}  // namespace rayctl
