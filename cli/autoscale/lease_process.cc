#include "cli/autoscale/lease_process.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/digest.h"
#include "base/files.h"
#include "base/text.h"
#include "providers/process/proc.h"

namespace rayctl {
namespace {

constexpr Millis kCall{5'000};

// Argument: number of a process. Prints the boot, the space of numbers, and the process if there is
// one.
constexpr char kLook[] = R"sh(
cat /proc/sys/kernel/random/boot_id && readlink /proc/self/ns/pid || exit 1
cat "/proc/$1/stat" 2>/dev/null
:
)sh";

}  // namespace

std::string this_process() {
  const Result<std::string> boot = read_file("/proc/sys/kernel/random/boot_id");
  std::error_code error;
  const std::filesystem::path space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  const auto stat = process::read_proc(::getpid());
  if (!boot || error || !stat) return "";
  return join({trim(*boot), space.string(), std::to_string(stat->pid), std::to_string(stat->start)},
              " ");
}

bool process_gone(CommandRunner& runner, const std::string& process, Time deadline) {
  const std::vector<std::string> known = split(process, ' ');
  if (known.size() != 4 || known[2].empty() ||
      !std::all_of(known[2].begin(), known[2].end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  Command look{{"sh", "-c", kLook, "rayctl-lease", known[2]}, {}, ""};
  look.plain = true;
  const Result<CommandOutput> ran = runner.run(look, deadline);
  if (!ran || ran->exit_code != 0) return false;
  const std::vector<std::string> lines = split(ran->out, '\n');
  if (lines.size() < 3 || lines[0] != known[0] || lines[1] != known[1]) return false;
  const auto stat = process::parse_stat(lines[2]);
  return !stat || !stat->alive() || std::to_string(stat->start) != known[3];
}

LeaseParty this_party(const std::string& owner, LeaseKind kind, const std::string& program) {
  return {random_hex(8), owner, kind, program, this_process()};
}

Lease::Gone gone_on(CommandRunner& runner, Clock& clock) {
  return [&](const LeaseRecord& holder) {
    return process_gone(runner, holder.process, clock.now() + kCall);
  };
}

}  // namespace rayctl
