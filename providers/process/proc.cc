#include "providers/process/proc.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <sstream>
#include <string_view>

#include "base/files.h"
#include "base/text.h"

namespace rayctl::process {
namespace {

std::string proc_path(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

template <class Number>
bool read_number(std::string_view text, Number& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end;
}

}  // namespace

std::optional<ProcStat> parse_stat(const std::string& line) {
  const std::size_t name = line.find(" ("), rest = line.rfind(") ");
  if (name == std::string::npos || rest == std::string::npos || rest < name) return std::nullopt;
  ProcStat stat;
  if (!read_number(std::string_view(line).substr(0, name), stat.pid)) return std::nullopt;
  std::istringstream fields(line.substr(rest + 2));
  fields >> stat.state >> stat.parent >> stat.group >> stat.session;
  constexpr int kBetween = 15;  // tty_nr (7) to itrealvalue (21); starttime is field 22
  std::string skipped;
  for (int i = 0; i < kBetween; ++i)
    fields >> skipped;
  fields >> stat.start;
  if (!fields) return std::nullopt;
  return stat;
}

std::optional<ProcStat> read_proc(pid_t pid) {
  const Result<std::string> line = read_file(proc_path(pid, "stat"));
  return line ? parse_stat(*line) : std::nullopt;
}

std::vector<ProcStat> all_procs() {
  std::vector<ProcStat> all;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc"), ::closedir);
  if (!folder) return all;
  while (const dirent* entry = ::readdir(folder.get())) {
    pid_t pid = 0;
    if (!read_number(std::string_view(entry->d_name), pid)) continue;
    if (std::optional<ProcStat> stat = read_proc(pid)) all.push_back(*stat);
  }
  return all;
}

bool started_with(pid_t pid, const std::string& entry) {
  const Result<std::string> environment = read_file(proc_path(pid, "environ"));
  if (!environment) return false;
  const std::string wanted = '\0' + entry + '\0';
  return ('\0' + *environment + '\0').find(wanted) != std::string::npos;
}

std::string to_text(const Identity& identity) {
  return identity.boot + "-" + std::to_string(identity.pid) + "-" + std::to_string(identity.start);
}

std::optional<Identity> parse_identity(const std::string& text) {
  const std::vector<std::string> parts = split(text, '-');
  Identity identity;
  if (parts.size() != 3 || parts[0].empty() || !read_number(parts[1], identity.pid) ||
      !read_number(parts[2], identity.start) || identity.pid <= 1) {
    return std::nullopt;
  }
  identity.boot = parts[0];
  return identity;
}

std::string this_boot() {
  const Result<std::string> id = read_file("/proc/sys/kernel/random/boot_id");
  return id ? id->substr(0, 8) : "";
}

std::optional<Identity> identity_of(pid_t pid) {
  const std::optional<ProcStat> stat = read_proc(pid);
  if (!stat) return std::nullopt;
  return Identity{this_boot(), pid, stat->start};
}

bool alive(const Identity& identity) {
  if (identity.boot != this_boot()) return false;
  const std::optional<ProcStat> stat = read_proc(identity.pid);
  return stat && stat->start == identity.start && stat->alive();
}

bool send_signal(const Identity& identity, int signal) {
  // The descriptor pins the process; only then does its start time prove that it is the right one.
  const int pinned = static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0));
  if (pinned < 0) return false;
  const bool sent =
      alive(identity) && ::syscall(SYS_pidfd_send_signal, pinned, signal, nullptr, 0) == 0;
  ::close(pinned);
  return sent;
}

}  // namespace rayctl::process
