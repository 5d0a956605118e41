#include "transport/ssh/remote_shell.h"

#include <algorithm>

#include "base/text.h"

namespace rayctl {
namespace {

constexpr std::size_t kLongestLine = 16'000;  // libssh2 sends a request in one packet of 32 kB

// Arguments: end mark, bytes of the head (0: none), command. The head is a piece of shell that sets
// the environment and, if the arguments are long, those; `read` one byte at a time, because what
// follows it belongs to the command. Descriptor 9 is the standard error.
constexpr char kBody[] = R"sh(
rayctl_end=$1 rayctl_head=$2; shift 2
if [ "$rayctl_head" != 0 ]; then
  rayctl_fed=
  eval "$(dd bs=1 count="$rayctl_head" 2>/dev/null)"
  [ "$rayctl_fed" = 1 ] || exit 74
fi
case $1 in "~/"*) rayctl_program=$HOME/${1#"~/"}; shift; set -- "$rayctl_program" "$@" ;; esac
cd
printf '%s %s\n' "$rayctl_end" "$$"
printf '%s %s\n' "$rayctl_end" "$$" >&9
(exec "$@") 2>&9 9>&-
set -- "$?"
printf '%s %s\n' "$rayctl_end" "$1"
printf '%s %s\n' "$rayctl_end" "$1" >&9
exit "$1"
)sh";

constexpr char kPlain[] = "exec 9>&2 2>/dev/null\n";

// Start-up files see an empty input and nowhere to print. They may also set the arguments, so ours
// come after them, as text.
constexpr char kLogin[] = R"sh(
set +eu
if [ -f ~/.bashrc ]; then . ~/.bashrc; fi
set +eu
exec <&7 >&8 7<&- 8>&-
export OMP_NUM_THREADS=1 PYTHONWARNINGS=ignore
)sh";
constexpr char kLoginOuter[] = R"sh(
command -v bash >/dev/null 2>&1 || {
  echo "bash is not installed on this node; choose a plain shell for it" >&2
  exit 127
}
exec 7<&0 8>&1 9>&2
exec bash --login -i -c "$1" rayctl </dev/null >/dev/null 2>&1
)sh";

constexpr char kPath[] = R"sh(
case $1 in "~/"*) p=$HOME/${1#"~/"} ;; /*) p=$1 ;; *) p=$HOME/$1 ;; esac
)sh";

constexpr char kPut[] = R"sh(
d=${p%/*}
if [ -d "$p" ]; then echo "$p is a folder" >&2; exit 73; fi
mkdir -p "$d/" || exit 73
draft=$d/.rayctl-$4
trap 'rm -f "$draft"' EXIT
trap 'exit 73' HUP INT TERM PIPE
(umask 077; set -C; : >"$draft") && cat >"$draft" || exit 73
if [ "$(wc -c <"$draft")" -ne "$3" ]; then echo "$p: the transfer was cut short" >&2; exit 73; fi
chmod "$2" "$draft" && mv -f "$draft" "$p" || exit 73
)sh";

constexpr char kGet[] = R"sh(
if [ -d "$p" ]; then echo "$p is a folder" >&2; exit 66; fi
exec cat <"$p" || exit 66
)sh";

bool names_variable(const std::string& name) {
  const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), plain);
}

Error impossible(const std::string& what) {
  return permanent(ErrorCode::kInternal, what);
}

std::string quote_all(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words)
    line += " " + shell_quote(word);
  return line;
}

}  // namespace

Result<ExecRequest> remote_request(const Command& command, bool login_shell,
                                   const std::string& end) {
  if (command.argv.empty()) return impossible("a command without a program");
  std::string head;
  for (const auto& [name, value] : command.env) {
    if (!names_variable(name)) return impossible("not the name of a variable: " + name);
    if (value.find('\0') != std::string::npos) return impossible(name + " holds a zero byte");
    head += "export " + name + "=" + shell_quote(value) + "\n";
  }
  for (const std::string& word : command.argv) {
    if (word.find('\0') != std::string::npos) return impossible("an argument holds a zero byte");
  }
  std::string arguments = quote_all(command.argv);
  if (arguments.size() > kLongestLine) {
    head += "set --" + arguments + "\n";
    arguments.clear();
  }
  if (!head.empty()) head += "rayctl_fed=1\n";

  arguments = end + " " + std::to_string(head.size()) + arguments;
  std::string line = "exec sh -c ";
  if (login_shell) {
    line += shell_quote(kLoginOuter) + " rayctl " +
            shell_quote(std::string(kLogin) + "set -- " + arguments + kBody);
  } else {
    line += shell_quote(std::string(kPlain) + kBody) + " rayctl " + arguments;
  }
  return ExecRequest{line, end, head + command.input, command.stream};
}

std::string file_put_script() {
  return std::string(kPath) + kPut;
}
std::string file_get_script() {
  return std::string(kPath) + kGet;
}

}  // namespace rayctl
