#include <algorithm>

#include "base/text.h"
#include "cli/commands/session_flags.h"
#include "cli/commands/verbs.h"
#include "cli/remote_run.h"

namespace rayctl {
namespace {

class ExecVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.arguments("COMMAND", words_);
    flags.flag("--all", all_);
    flags.values("--node", nodes_);
    flags.values("--type", types_);
    declare_command_session(flags, wanted_);
  }

  Result<int> run(Session& session) override {
    session.exit_rule = ExitRule::kRemote;
    take_output(session, cluster_.json, cluster_.no_color);
    if (words_.empty()) return permanent(ErrorCode::kUsage, "name the command to run");
    Result<RunEnv> where = parse_run_env(wanted_.run_env);
    if (!where) return where.error();
    const bool chosen = all_ || !types_.empty() || !nodes_.empty();
    if (chosen && (wanted_.tmux || wanted_.screen || !wanted_.port_forward.empty())) {
      return permanent(ErrorCode::kUsage,
                       "--tmux, --screen and --port-forward are for the head alone");
    }
    Result<OpenSession> open = open_session(session, cluster_, wanted_);
    if (!open) return open.error();
    if (chosen) return run_on_chosen(session, *open, *where);
    Result<NamedMachine> machine = choose_machine(*open->cluster, open->looked, "");
    if (!machine) return machine.error();
    Result<RemoteNode> head = reach_machine(*open->cluster, open->looked, *machine, *where);
    if (!head) return head.error();
    return run_on_head(session, cluster_, wanted_, *open, *head, command_on(*head),
                       {.screen_args = {}});
  }

 private:
  // One word is a shell line, as Ray takes it; several are a program and its arguments.
  Command command_on(const RemoteNode& node) const {
    return words_.size() == 1 ? line_on_node(node, words_[0]) : program_on_node(node, words_);
  }

  Result<std::vector<NamedMachine>> choose(OpenSession& open) const {
    std::vector<NamedMachine> chosen;
    const std::vector<NamedMachine> running = running_machines(open.looked);
    for (const std::string& type : types_) {
      if (open.cluster->config().find(NodeTypeName{type}) == nullptr) {
        return permanent(ErrorCode::kNoSuchNode, "there is no node type `" + type + "`");
      }
    }
    for (const NamedMachine& each : running) {
      const bool of_type = std::find(types_.begin(), types_.end(), each.type.text) != types_.end();
      if (all_ || of_type) chosen.push_back(each);
    }
    for (const std::string& name : nodes_) {
      Result<NamedMachine> node = choose_machine(*open.cluster, open.looked, name);
      if (!node) return node.error();
      const bool there = std::any_of(chosen.begin(), chosen.end(), [&](const NamedMachine& each) {
        return each.machine.id == node->machine.id;
      });
      if (!there) chosen.push_back(*node);
    }
    if (chosen.empty()) {
      Result<CloudNode> head = running_head(*open.cluster, open.looked);
      if (!head) return head.error();
      return permanent(ErrorCode::kNoSuchNode, "no node of type " + join(types_, ", ") +
                                                   " runs in cluster " +
                                                   open.cluster->config().cluster.text);
    }
    return chosen;
  }

  Result<int> run_on_chosen(Session& session, OpenSession& open, RunEnv where) {
    Result<std::vector<NamedMachine>> chosen = choose(open);
    if (!chosen) return chosen.error();
    std::vector<NodeCommand> commands;
    for (const NamedMachine& each : *chosen) {
      Result<RemoteNode> node = reach_machine(*open.cluster, open.looked, each, where);
      if (!node) return in_context(node.error(), "reaching " + each.name.text);
      Command command = command_on(*node);
      commands.push_back({*std::move(node), std::move(command)});
    }
    const bool alone = !all_ && types_.empty() && commands.size() == 1;
    Result<int> status = alone ? run_through(session, commands[0].node, commands[0].command)
                               : run_on_all(session, commands);
    if (!status || !wanted_.stop) return status;
    Result<> down = stop_cluster(session, *open.cluster, cluster_, wanted_.change);
    if (!down) return down.error();
    return status;
  }

  ClusterFlags cluster_;
  SessionFlags wanted_;
  bool all_ = false;
  std::vector<std::string> words_, nodes_, types_;
};

}  // namespace

std::unique_ptr<Verb> make_exec_verb() {
  return std::make_unique<ExecVerb>();
}

}  // namespace rayctl
