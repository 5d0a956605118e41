#pragma once
#include <functional>
#include <string>
#include <vector>

#include "cli/commands/change_flags.h"
#include "cli/forwards.h"
#include "cli/remote.h"

namespace rayctl {

/// The flags of the verbs that work on a cluster that they may bring up first (Ray's exec, submit
/// and attach).
struct SessionFlags {
  ChangeFlags change;
  bool start = false, stop = false, tmux = false, screen = false;
  std::vector<std::string> port_forward;
  std::string run_env = "auto";
};
/// --start, --tmux, --screen, -p and what a change needs.
void declare_session(Flags& flags, SessionFlags& target);
/// Also --stop and --run-env: for verbs that run one command.
void declare_command_session(Flags& flags, SessionFlags& target);

/// With `start` and no head that is up, applies the file without restarting anything; then opens
/// the cluster and looks at its machines. Nobody is asked: --start was the yes. A head that is up
/// is left as it is.
struct OpenSession {
  std::unique_ptr<Cluster> cluster;
  Looked looked;
};
Result<OpenSession> open_session(Session& session, const ClusterFlags& flags,
                                 const SessionFlags& wanted);

/// What one command on the head needs beside its words.
struct HeadCommand {
  std::vector<std::string> screen_args;  ///< further arguments of screen
};
/// Runs it through the connection or, with --tmux or --screen, leaves it running there; with --stop
/// takes the cluster down after it. The cluster is kept if how the command ended cannot be said.
/// The exit status.
Result<int> run_on_head(Session& session, const ClusterFlags& flags, const SessionFlags& wanted,
                        OpenSession& open, const RemoteNode& head, const Command& command,
                        const HeadCommand& how);

/// Takes the cluster down. Nobody is asked.
Result<> stop_cluster(Session& session, Cluster& cluster, const ClusterFlags& flags,
                      const ChangeFlags& change);

/// "rayctl attach cluster.yaml --tmux": a command for a person, on this cluster. Words are quoted
/// where a shell needs it.
std::string command_line(const std::string& verb, const ClusterFlags& flags,
                         const std::string& rest = "");

std::string shell_word(const std::string& word);

}  // namespace rayctl
