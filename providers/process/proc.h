#pragma once
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace rayctl::process {

/// What /proc/PID/stat says of a process (proc(5)).
struct ProcStat {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';
  unsigned long long start = 0;  ///< clock ticks after boot; with pid and boot it names a process
  /// A zombie is one that nobody has collected yet: nothing of it runs.
  bool alive() const { return state != 'Z' && state != 'X'; }
  bool operator==(const ProcStat&) const = default;
};

/// Reads one process; nullopt if there is none.
std::optional<ProcStat> read_proc(pid_t pid);
/// Parses a line of /proc/PID/stat; the program's name in it may hold any character.
std::optional<ProcStat> parse_stat(const std::string& line);
/// All processes of the machine that this user can see.
std::vector<ProcStat> all_procs();
/// True if the environment that the process was started with holds exactly `entry` ("NAME=value").
/// False for processes of other users.
bool started_with(pid_t pid, const std::string& entry);

/// A process for good: its number alone may be given to another one.
struct Identity {
  std::string boot;  ///< the first 8 characters of the boot id
  pid_t pid = 0;
  unsigned long long start = 0;
  bool operator==(const Identity&) const = default;
};
std::string to_text(const Identity& identity);  ///< "e89a1bf7-4711-884302"
std::optional<Identity> parse_identity(const std::string& text);
std::string this_boot();
std::optional<Identity> identity_of(pid_t pid);
bool alive(const Identity& identity);
/// Sends a signal to this very process, never to one that got its number; false if it is gone.
bool send_signal(const Identity& identity, int signal);

}  // namespace rayctl::process
