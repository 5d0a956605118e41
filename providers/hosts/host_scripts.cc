#include "providers/hosts/host_scripts.h"

namespace rayctl::hosts {
namespace {

constexpr char kLook[] = R"sh(
tags=$HOME/.rayctl/host/tags
[ ! -e "$tags" ] || exec cat "$tags"
)sh";

// The lock may have been removed with all the rest while we waited for it: then there is a new one.
constexpr char kLock[] = R"sh(
set -u
umask 077
ours=$HOME/.rayctl
host=$ours/host
nl='
'
lock() {
  for try in 1 2 3 4 5 6 7 8 9; do
    mkdir -p "$host" || exit 73
    (: >>"$host/lock") 2>/dev/null || continue
    exec 8>>"$host/lock"
    flock 8 || exit 69
    [ ! "$host/lock" -ef /proc/self/fd/8 ] || return 0
  done
  echo "the lock of $host cannot be had" >&2
  exit 75
}
keep() {
  cat >"$host/tags.new" && mv -f "$host/tags.new" "$host/tags" || exit 73
}
held() {
  [ ! -e "$host/tags" ] || cat "$host/tags" || exit 74
}
# Whether the tags in $1 have the key and value $2.
has() {
  case $nl$1$nl in *"$nl$2$nl"*) return 0 ;; esac
  return 1
}
is_of() {
  [ -z "$2" ] || has "$1" "rayctl-cluster-id=$2"
}
)sh";

constexpr char kTake[] = R"sh(
new=$(cat)
lock
old=$(held) || exit
if [ -z "$old" ]; then
  printf '%s\n' "$new" | keep || exit
  printf 'made\n%s\n' "$new"
elif has "$old" "rayctl-op=$1"; then
  printf 'same\n%s\n' "$old"
else
  printf 'taken\n%s\n' "$old"
fi
)sh";

constexpr char kTag[] = R"sh(
[ -e "$host/tags" ] || exit 65
new=$(cat)
lock
old=$(held) || exit
[ -n "$old" ] && is_of "$old" "$1" || exit 65
{
  printf '%s\n' "$old" | while IFS= read -r line; do
    case $nl$new in *"$nl${line%%=*}="*) ;; *) printf '%s\n' "$line" ;; esac
  done
  printf '%s\n' "$new"
} | keep
)sh";

constexpr char kRelease[] = R"sh(
[ -e "$host/tags" ] || exit 0
lock
old=$(held) || exit
is_of "$old" "$1" || exit 0
for file in "$ours"/* "$ours"/.[!.]* "$ours"/..?*; do
  [ "$file" = "$host" ] || rm -rf "$file" || exit
done
rm -f "$host/tags.new" "$host/tags" && rm -f "$host/lock" || exit
rmdir "$host" "$ours" 2>/dev/null || true
)sh";

}  // namespace

std::string look_script() {
  return kLook;
}
std::string size_script() {
  return R"sh(
set -- /dev/nvidia[0-9]*
[ -e "$1" ] || shift
echo "$(nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo) $#"
)sh";
}

std::string take_script() {
  return std::string(kLock) + kTake;
}
std::string tag_script() {
  return std::string(kLock) + kTag;
}
std::string release_script() {
  return std::string(kLock) + kRelease;
}

}  // namespace rayctl::hosts
