#include "transport/shell_line.h"

namespace rayctl {
namespace {

constexpr char kEach[] = R"sh(for line do "$0" -c "$line" || exit $?; done)sh";

constexpr char kOuter[] = R"sh(
command -v bash >/dev/null 2>&1 || {
  echo "bash is not installed on this node; choose a plain shell for it" >&2
  exit 127
}
rayctl_login=$1 rayctl_lines=$2; shift 2
export rayctl_lines
exec 7<&0 8>&1 9>&2
exec bash --login -i -c "$rayctl_login" rayctl "$@" </dev/null >/dev/null 2>&1
)sh";

// Writes down what the start-up files taught it that a program does not inherit, and becomes the
// shell of the lines.
constexpr char kLogin[] = R"sh(
set +eu
if [ -f ~/.bashrc ]; then . ~/.bashrc; fi
set +eu
export OMP_NUM_THREADS=1 PYTHONWARNINGS=ignore
exec bash -c "$rayctl_lines" rayctl "$@" <&7 >&8 2>&9 7<&- 8>&- 9>&- \
  6< <(shopt -p extglob; alias -p; declare -f)
)sh";

// Not `(...) || exit`: there a `set -e` in the line would have no effect.
constexpr char kLines[] = R"sh(
shopt -s expand_aliases
. /dev/fd/6 2>/dev/null
exec 6<&-
unset rayctl_lines
for rayctl_line do
  (set --; eval "$rayctl_line")
  rayctl_code=$?
  if [ "$rayctl_code" != 0 ]; then exit "$rayctl_code"; fi
done
)sh";

}  // namespace

std::vector<std::string> shell_argv(ShellKind kind, const std::vector<std::string>& lines) {
  std::vector<std::string> argv;
  if (kind == ShellKind::kLogin) {
    argv = {"sh", "-c", kOuter, "rayctl", kLogin, kLines};
  } else {
    const char* shell = kind == ShellKind::kPlain ? "sh" : "bash";
    if (lines.size() == 1) return {shell, "-c", lines.front()};
    argv = {shell, "-c", kEach, shell};
  }
  argv.insert(argv.end(), lines.begin(), lines.end());
  return argv;
}

}  // namespace rayctl
