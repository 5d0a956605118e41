#include "cli/node_transfer.h"

#include <mutex>
#include <optional>
#include <ostream>

#include "base/pace.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cli/output.h"

namespace rayctl {
namespace {

std::mutex speaking;  // a line at a time

}  // namespace

Result<std::vector<RemoteNode>> nodes_for_transfer(Session& session, Cluster& cluster, bool all) {
  Result<Looked> looked = look_at_machines(session, cluster);
  if (!looked) return looked.error();
  Result<NamedMachine> head = choose_machine(cluster, *looked, "");
  if (!head) return head.error();
  std::vector<NamedMachine> machines = {*head};
  if (all) machines = running_machines(*looked);
  std::vector<RemoteNode> nodes;
  for (const NamedMachine& machine : machines) {
    Result<RemoteNode> node = reach_machine(cluster, *looked, machine, RunEnv::kAuto);
    if (!node) return in_context(node.error(), "reaching " + machine.name.text);
    nodes.push_back(*std::move(node));
  }
  return nodes;
}

SyncProgress told_on(Session& session, const std::string& node) {
  constexpr Millis kPause{3'000};
  return [&session, node, pace = Pace(kPause, session.clock.now())](std::uint64_t sent,
                                                                    std::uint64_t all) mutable {
    if (!pace.due(session.clock.now())) return;
    const std::lock_guard guard(speaking);
    session.io.err << node << "  " << format_bytes(sent) << " of " << format_bytes(all)
                   << std::endl;
  };
}

Result<int> transfer_on_all(Session& session, std::vector<RemoteNode>& nodes,
                            const std::function<Result<Transfer>(RemoteNode&)>& work) {
  constexpr std::size_t kAtOnce = 10;
  std::vector<Json> shown(nodes.size());
  std::optional<Error> failure;
  for_each_index(nodes.size(), kAtOnce, [&](std::size_t at) {
    Result<Transfer> done = work(nodes[at]);
    const std::lock_guard guard(speaking);
    const std::string& name = nodes[at].name.text;
    shown[at] = {{"node", name}, {"error", nullptr}};
    if (done) {
      shown[at].update(done->json);
      if (!session.json) session.io.out << name << "  " << done->line << "\n" << std::flush;
      return;
    }
    shown[at]["error"] = error_json(session, done.error());
    if (failure) {
      session.io.err << name << ": " << done.error().message << "\n" << std::flush;
    } else {
      failure = in_context(done.error(), "on " + name);
    }
  });
  if (failure) return *failure;
  if (session.json) show_json(session, {{"format_version", kOutputFormat}, {"nodes", shown}});
  return 0;
}

}  // namespace rayctl
