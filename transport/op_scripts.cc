#include "transport/op_scripts.h"

namespace rayctl {
namespace {

// proc_read PID: state, parent, group, session and start of a process; fails if there is none.
// look: what is known of the operation in folder $d. A number that is in use again belongs to a
// process with another start time; Linux does not hand it out while its group lives.
constexpr char kLibrary[] = R"sh(
proc_read() {
  { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  line=${line##*) }
  set -f; set -- $line; set +f
  state=$1 parent=$2 group=$3 session=$4 start=${20}
}
proc_lives() { proc_read "$1" && [ "$state" != Z ] && [ "$state" != X ]; }
op_file() { value=; { IFS= read -r value <"$d/$1"; } 2>/dev/null; }
boot_is_same() {
  op_file boot_id; known=$value
  IFS= read -r now </proc/sys/kernel/random/boot_id
  [ "$known" = "$now" ]
}
group_lives() {
  for entry in /proc/[0-9]*; do
    proc_lives "${entry#/proc/}" && [ "$group" = "$1" ] && [ "$session" = "$1" ] || continue
    { tr '\0' '\n' <"$entry/environ"; } 2>/dev/null | grep -qxF "RAYCTL_OP=$token" && return 0
  done
  return 1
}
look() {
  op=absent code=0 pid=0 leaves=0
  op_file pid; [ -n "$value" ] || return 0
  op=dead pid=$value
  if [ ! -f "$d/exit_code" ] && boot_is_same; then
    op_file start_time; started=$value
    if proc_lives "$pid"; then
      [ "$start" = "$started" ] && op=running
    elif group_lives "$pid"; then
      op=running
    fi
  fi
  if [ -f "$d/exit_code" ]; then
    op_file exit_code; op=done code=$value
    if boot_is_same && group_lives "$pid"; then leaves=1; fi
  fi
}
)sh";

constexpr char kStart[] = R"sh(
token=$1 fed=$2 run=$3; shift 3
mask=$(umask); umask 077
d=$HOME/.rayctl/ops/$token
mkdir -p "$d" && exec 9>>"$d/lock" || exit 73
flock 9 || exit 69
look
if [ "$op" != running ] && { [ "$op" != done ] || [ "$code" != 0 ]; }; then
  rm -f "$d/exit_code" && rm -f "$d/pid" || exit 73
  if [ "$fed" = 1 ]; then cat >"$d/in" || exit 73; fi
  printf '%s\n' "$@" >"$d/command" && : >"$d/out" || exit 73
  setsid sh -c "$run" rayctl-op "$d" "$token" "$mask" "$fed" "$@" </dev/null >>"$d/out" 2>&1 &
  exec 9>>"$d/lock"
  flock 9 || exit 69
  look
fi
echo "$op $code $pid $leaves"
)sh";

// The lock is kept until the identity is written, so that nobody can find neither a starter nor a
// process. A signal to the group must not end this shell before it has recorded the exit code; the
// program itself, its only child, gets signals as usual.
constexpr char kRun[] = R"sh(
d=$1 token=$2 mask=$3 fed=$4; shift 4
trap : TERM INT HUP QUIT
if [ "$fed" = 1 ]; then exec <"$d/in" || exit 1; rm -f "$d/in"; fi
proc_read $$ && cat /proc/sys/kernel/random/boot_id >"$d/boot_id" || exit 1
echo "$start" >"$d/start_time" && echo $$ >"$d/pid.new" && mv "$d/pid.new" "$d/pid" || exit 1
exec 9>&-
(umask "$mask"; cd "$HOME" && RAYCTL_OP=$token && export RAYCTL_OP && exec "$@")
code=$?
echo "$code" >"$d/exit_code.new" && mv "$d/exit_code.new" "$d/exit_code"
)sh";

constexpr char kLook[] = R"sh(
token=$1 d=$HOME/.rayctl/ops/$1
look
echo "$op $code $pid $leaves"
if [ "$3" != 0 ] && [ -f "$d/out" ]; then tail -c "+$(($2 + 1))" "$d/out" | head -c "$3"; fi
)sh";

constexpr char kTail[] = R"sh(
d=$HOME/.rayctl/ops/$1
[ ! -f "$d/out" ] || tail -c "$2" "$d/out"
)sh";

constexpr char kSignal[] = R"sh(
token=$1 d=$HOME/.rayctl/ops/$1
look
who=gone programs=
if [ "$pid" = 0 ] || ! boot_is_same; then
  :
elif [ "$op" = running ] && proc_lives "$pid"; then
  who=leader
  for entry in /proc/[0-9]*; do
    proc_lives "${entry#/proc/}" && [ "$parent" = "$pid" ] || continue
    who=program programs="$programs ${entry#/proc/}"
  done
elif ! proc_lives "$pid" && group_lives "$pid"; then
  who=group
fi
if [ "$2" = KILL ] && [ $who != gone ]; then
  kill -KILL "-$pid" 2>/dev/null
elif [ $who != "$3" ] && [ $who = program ]; then
  kill -TERM $programs 2>/dev/null
elif [ $who != "$3" ] && [ $who = group ]; then
  kill -TERM "-$pid" 2>/dev/null
fi
echo $who
)sh";

}  // namespace

std::string op_start_script() {
  return std::string(kLibrary) + kStart;
}
std::string op_run_script() {
  return std::string(kLibrary) + kRun;
}
std::string op_look_script() {
  return std::string(kLibrary) + kLook;
}
std::string op_tail_script() {
  return kTail;
}
std::string op_signal_script() {
  return std::string(kLibrary) + kSignal;
}

}  // namespace rayctl
