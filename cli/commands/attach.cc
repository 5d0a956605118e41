#include <ostream>

#include "cli/access/contain.h"
#include "cli/commands/session_flags.h"
#include "cli/commands/verbs.h"
#include "cli/terminal.h"

namespace rayctl {
namespace {

class AttachVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    declare_session(flags, wanted_);
    flags.flag("-N,--new", new_);
    flags.value("--node", node_);
    flags.value("--node-ip", node_ip_);
    flags.exclusive("--node", "--node-ip");
  }

  Result<int> run(Session& session) override {
    session.exit_rule = ExitRule::kRemote;
    take_output(session, cluster_.json, cluster_.no_color);
    if (new_ && !wanted_.tmux && !wanted_.screen) {
      return permanent(ErrorCode::kUsage, "--new needs --tmux or --screen");
    }
    Result<std::vector<PortPair>> ports = parse_ports(wanted_.port_forward);
    if (!ports) return ports.error();
    Result<OpenSession> open = open_session(session, cluster_, wanted_);
    if (!open) return open.error();
    Result<NamedMachine> machine =
        choose_machine(*open->cluster, open->looked, node_.empty() ? node_ip_ : node_);
    if (!machine) return machine.error();
    NodeAccess& access = open->cluster->world().access(open->cluster->config().provider);
    Result<std::vector<std::string>> argv = access.terminal(
        machine->machine,
        {.line = line_on(open->cluster->config(), machine->machine, session.io.in_terminal),
         .tty = session.io.in_terminal,
         .forwards = *std::move(ports)});
    if (!argv) return argv.error();
    open->cluster.reset();
    return run_in_terminal(*argv);
  }

 private:
  /// Where Ray runs: in the node's container, if it has one.
  std::string line_on(const Config& config, const CloudNode& machine, bool tty) const {
    const std::optional<ContainerPlace> place = container_of(config, machine);
    return place ? line_in_container(*place, line(), tty) : line();
  }

  // As Ray has them.
  std::string line() const {
    if (wanted_.tmux) return new_ ? "tmux new" : "tmux attach || tmux new";
    if (wanted_.screen) return new_ ? "screen -L" : "screen -L -xRR";
    return "";
  }

  ClusterFlags cluster_;
  SessionFlags wanted_;
  bool new_ = false;
  std::string node_, node_ip_;
};

}  // namespace

std::unique_ptr<Verb> make_attach_verb() {
  return std::make_unique<AttachVerb>();
}

}  // namespace rayctl
