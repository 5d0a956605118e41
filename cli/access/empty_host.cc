#include "cli/access/empty_host.h"

#include "base/text.h"
#include "cli/access/contain.h"
#include "transport/container.h"
#include "transport/detached_op.h"

namespace rayctl {
namespace {

constexpr Millis kGrace{5'000};

// What other Rays of the machine are is not ours to end: only where we noted a start.
constexpr char kStopRay[] = R"sh(
[ -e ~/.rayctl/ray_op ] || exit 0
command -v ray >/dev/null 2>&1 || exit 0
ray stop
)sh";

constexpr char kRunning[] = R"sh(
for op in ~/.rayctl/ops/*/; do
  [ ! -d "$op" ] || [ -e "$op/exit_code" ] || { op=${op%/}; printf '%s\n' "${op##*/}"; }
done
)sh";

}  // namespace

Result<> empty_host(NodeAccess& access, const CloudNode& node, Clock& clock, Time deadline) {
  // With a container goes all that runs in it; what is left is outside.
  Result<std::unique_ptr<CommandRunner>> runner = access.machine_runner(node);
  if (!runner) return runner.error();
  if (has_container(node) && node.cluster) {
    Result<> removed =
        remove_containers(**runner, {{kLabelCluster, node.cluster->text}}, "", deadline);
    if (!removed) return in_context(removed.error(), "removing the container on " + node.id.text);
  }
  Result<CommandOutput> stopped =
      (*runner)->run({.argv = {"sh", "-c", kStopRay}, .env = {}, .input = ""}, deadline);
  if (!stopped) return in_context(stopped.error(), "stopping Ray on " + node.id.text);
  Command list{{"sh", "-c", kRunning}, {}, ""};
  list.plain = true;
  Result<CommandOutput> running = (*runner)->run(list, deadline);
  if (!running) return running.error();
  for (const std::string& token : split(running->out, '\n')) {
    if (token.empty()) continue;
    Result<> ended = stop_op(**runner, {token}, kGrace, clock, deadline);
    if (!ended) return in_context(ended.error(), "ending what runs on " + node.id.text);
  }
  return {};
}

}  // namespace rayctl
