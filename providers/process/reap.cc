#include "providers/process/reap.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "providers/process/node_folder.h"

namespace rayctl::process {
namespace {

constexpr Millis kPause{20}, kSecondGrace{2000}, kKillTime{10'000};

Time now() {
  return std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
}

bool lives(const ProcStat& process) {
  const std::optional<ProcStat> seen = read_proc(process.pid);
  return seen && seen->start == process.start && seen->alive();
}

void send(const std::vector<ProcStat>& processes, int signal) {
  const std::string boot = this_boot();
  for (const ProcStat& process : processes)
    send_signal({boot, process.pid, process.start}, signal);
}

// Waits until none of them lives; false if the time is over.
bool wait_for(const std::vector<ProcStat>& processes, Millis patience) {
  const Time until = now() + patience;
  while (std::any_of(processes.begin(), processes.end(), lives)) {
    if (now() >= until) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

// Leaders of the node's detached operations (ops/<token>/pid).
std::set<pid_t> operation_leaders(const NodeFolder& folder) {
  std::set<pid_t> leaders;
  std::error_code failed;
  for (std::filesystem::directory_iterator op(folder.file("ops"), failed), end;
       !failed && op != end; op.increment(failed)) {
    const Result<std::string> pid = read_file(op->path() / "pid");
    if (!pid) continue;
    leaders.insert(static_cast<pid_t>(std::strtol(pid->c_str(), nullptr, 10)));
  }
  return leaders;
}

std::set<pid_t> own_line(const std::vector<ProcStat>& all) {
  std::set<pid_t> line;
  pid_t next = ::getpid();
  while (next > 0 && line.insert(next).second) {
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const ProcStat& process) { return process.pid == next; });
    next = at == all.end() ? 0 : at->parent;
  }
  return line;
}

}  // namespace

std::vector<ProcStat> processes_of(const std::filesystem::path& folder) {
  std::vector<ProcStat> all = all_procs();
  const std::set<pid_t> own = own_line(all);
  std::erase_if(
      all, [&](const ProcStat& process) { return !process.alive() || own.contains(process.pid); });
  const std::string marker = std::string(kMarker) + "=" + folder.string();
  std::set<pid_t> members, sessions;
  for (const ProcStat& process : all) {
    if (!started_with(process.pid, marker)) continue;
    members.insert(process.pid);
    if (process.session == process.pid) sessions.insert(process.pid);
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (const ProcStat& process : all) {
      if (members.contains(process.parent) || sessions.contains(process.session)) {
        grown = members.insert(process.pid).second || grown;
      }
    }
  }
  std::erase_if(all, [&](const ProcStat& process) { return !members.contains(process.pid); });
  return all;
}

bool end_processes(const std::filesystem::path& folder, Millis grace) {
  const std::set<pid_t> leaders = operation_leaders(NodeFolder(folder));
  const std::vector<ProcStat> before = processes_of(folder);
  std::vector<ProcStat> programs;
  std::copy_if(before.begin(), before.end(), std::back_inserter(programs),
               [&](const ProcStat& process) { return leaders.contains(process.parent); });
  send(programs, SIGTERM);
  wait_for(programs, grace);
  const auto gone = [&] {
    std::vector<ProcStat> left = processes_of(folder);
    std::copy_if(before.begin(), before.end(), std::back_inserter(left), lives);
    return left;
  };
  std::vector<ProcStat> left = gone();
  send(left, SIGTERM);
  wait_for(left, std::min(kSecondGrace, grace));
  for (const Time until = now() + kKillTime; now() < until;) {
    left = gone();
    if (left.empty()) return true;
    send(left, SIGKILL);
    wait_for(left, Millis{500});
  }
  return false;
}

}  // namespace rayctl::process
