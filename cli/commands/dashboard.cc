#include <ostream>

#include "cli/commands/change_flags.h"
#include "cli/commands/verbs.h"
#include "cli/output.h"
#include "cli/remote.h"
#include "cli/signals.h"

namespace rayctl {
namespace {

constexpr int kDashboard = 8265;  // Ray's default
constexpr Millis kCall{15'000};
constexpr Millis kLong{std::chrono::hours(24)};

// bash, because a POSIX shell cannot dial.
constexpr char kListens[] = "exec 3<>/dev/tcp/127.0.0.1/\"$1\"";

class DashboardVerb final : public Verb {
 public:
  void declare(Flags& flags) override {
    declare_cluster(flags, cluster_);
    flags.value("-p,--port", port_);
    flags.value("--remote-port", remote_port_);
    flags.ignored("--no-config-cache");
  }

  Result<int> run(Session& session) override {
    if (port_.value_or(1) < 1 || port_.value_or(1) > 65535 || remote_port_ < 1 ||
        remote_port_ > 65535) {
      return permanent(ErrorCode::kUsage, "a port is a number from 1 to 65535");
    }
    Result<std::unique_ptr<Cluster>> cluster = open_cluster(session, cluster_);
    if (!cluster) return cluster.error();
    Result<Looked> looked = look_at_machines(session, **cluster);
    if (!looked) return looked.error();
    Result<NamedMachine> head = choose_machine(**cluster, *looked, "");
    if (!head) return head.error();
    NodeAccess& access = (*cluster)->world().access((*cluster)->config().provider);
    Result<std::unique_ptr<PortForward>> forward = open_forward(access, head->machine);
    if (!forward && forward.error().code == ErrorCode::kNotSupported) {
      Result<std::string> url = access.dashboard_url(head->machine);
      if (!url) return url.error();
      show(session, **cluster, head->machine, *url);
      if (port_) session.io.err << forward.error().message << "\n";
      return 0;
    }
    if (!forward) return forward.error();
    // The guard comes first: whoever has read the address may send the signal.
    const SignalGuard guard([](int) {});
    show(session, **cluster, head->machine,
         "http://127.0.0.1:" + std::to_string((*forward)->local_port()));
    if (!listens(session, access, head->machine)) {
      session.io.err << "warning: nothing listens on port " << remote_port_ << " of "
                     << head->name.text << " (yet)\n";
    }
    session.io.err << "Forwarded to port " << remote_port_ << " of " << head->name.text
                   << " until Ctrl-C.\n"
                   << std::flush;
    while (session.clock.sleep(kLong, guard.token())) {
    }
    return 0;
  }

 private:
  Result<std::unique_ptr<PortForward>> open_forward(NodeAccess& access, const CloudNode& head) {
    Result<std::unique_ptr<PortForward>> forward =
        access.forward(head, remote_port_, port_.value_or(kDashboard));
    if (forward || port_ || forward.error().code == ErrorCode::kNotSupported) return forward;
    return access.forward(head, remote_port_, 0);
  }

  bool listens(Session& session, NodeAccess& access, const CloudNode& head) const {
    Result<std::unique_ptr<CommandRunner>> runner = access.machine_runner(head);
    if (!runner) return false;
    const Command dial{
        .argv = {"bash", "-c", kListens, "rayctl-dial", std::to_string(remote_port_)},
        .env = {},
        .input = ""};
    Result<CommandOutput> dialled = (*runner)->run(dial, session.clock.now() + kCall);
    return dialled && dialled->exit_code == 0;
  }

  static void show(Session& session, Cluster& cluster, const CloudNode& head,
                   const std::string& url) {
    // Without it the dashboard can still be reached, and says that a token is missing.
    (void)cluster.fetch_token(head);
    const bool token = !cluster.world().auth_token.empty();
    const std::string token_file = (cluster.paths().folder / "ray_token").string();
    if (session.json) {
      show_json(session, {{"format_version", kOutputFormat},
                          {"url", url},
                          {"token_file", token ? Json(token_file) : Json()}});
    } else {
      session.io.out << url << "\n";
      if (token) session.io.err << "It asks for the cluster's token: " << token_file << "\n";
    }
    session.io.out << std::flush;
  }

  ClusterFlags cluster_;
  std::optional<int> port_;
  int remote_port_ = kDashboard;
};

}  // namespace

std::unique_ptr<Verb> make_dashboard_verb() {
  return std::make_unique<DashboardVerb>();
}

}  // namespace rayctl
