#include "cli/autoscale/head_log.h"

#include <unistd.h>

#include <array>
#include <memory>
#include <string>

#include "base/digest.h"
#include "gcs/autoscaler_events.h"

namespace rayctl {
namespace {

constexpr Millis kCall{10'000};
constexpr char kAppend[] = R"sh(umask 022; mkdir -p "${1%/*}" && cat >>"$1")sh";
constexpr char kMonitorLog[] = "logs/monitor.log";

Result<> append(CommandRunner& runner, const std::string& path, const std::string& text,
                Time deadline) {
  const Command command{.argv = {"sh", "-c", kAppend, "rayctl-log", path}, .input = text};
  Result<CommandOutput> ran = runner.run(command, deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  return permanent(ErrorCode::kCommandFailed, "cannot write " + path + " on the head");
}

}  // namespace

Result<> write_head_log(World& world, const ProviderName& provider, const CloudNode& head,
                        const RayHeadInfo& info, const std::vector<Saying>& lines) {
  Result<std::unique_ptr<CommandRunner>> runner = world.access(provider).runner(head);
  if (!runner) return runner.error();
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const Time now = world.clock.now();
  std::string events, log;
  for (const Saying& line : lines) {
    events += autoscaler_event_line({.warning = line.warning,
                                     .text = line.text,
                                     .at = now,
                                     .id = random_hex(18),
                                     .host = host.data(),
                                     .process_id = getpid()});
    log += format_time(now) + (line.warning ? " WARNING " : " INFO ") + line.text + "\n";
  }
  const Time deadline = now + kCall;
  Result<> written =
      append(**runner, info.session_dir + "/" + kAutoscalerEventsFile, events, deadline);
  if (!written) return written;
  return append(**runner, info.session_dir + "/" + kMonitorLog, log, deadline);
}

}  // namespace rayctl
