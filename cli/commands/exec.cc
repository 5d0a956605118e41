#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/remote.h"

namespace rayctl {
namespace {

class ExecVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.arguments("COMMAND", words_);
    flags.value("--node", node_);
    declare_session(flags, session_flags_);
  }

  Result<int> run(Session& session) override {
    session.exit_rule = ExitRule::kRemote;
    take_output(session, cluster_.json, cluster_.no_color);
    if (words_.empty()) return permanent(ErrorCode::kUsage, "name the command to run");
    Command command;
    // One word is a shell line, as Ray takes it; several are a program and its arguments.
    command.argv = words_.size() == 1 ? std::vector<std::string>{"bash", "-c", words_[0]} : words_;
    return with_cluster(session, cluster_, session_flags_,
                        [&](Cluster& cluster, const Looked& looked) {
                          Result<RemoteNode> node = reach_node(cluster, looked, node_);
                          if (!node) return Result<int>(node.error());
                          command.env = node->env;
                          return run_through(session, *node, command);
                        });
  }

 private:
  ClusterFlags cluster_;
  SessionFlags session_flags_;
  std::vector<std::string> words_;
  std::string node_;
};

}  // namespace

std::unique_ptr<Verb> make_exec_verb() {
  return std::make_unique<ExecVerb>();
}

}  // namespace rayctl
