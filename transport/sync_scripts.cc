#include "transport/sync_scripts.h"

#include <string_view>

#include "transport/block_sums.h"

namespace rayctl {
namespace {

constexpr char kStats[] = R"sh(
stats() {
  if stat -c %s . >/dev/null 2>&1; then
    TZ=UTC0 xargs -0 stat -c '%s %y %n' -- 2>/dev/null
  else
    xargs -0 cksum -- 2>/dev/null
  fi
  :
}
)sh";

constexpr char kLook[] = R"sh(
record=$1
state=whole
if [ -f "$record.doing" ]; then state=broken; fi
if command -v gzip >/dev/null 2>&1; then echo "gzip $state"; else echo "plain $state"; fi
if [ ! -f "$record.log" ]; then echo none; exit 0; fi
size=$(($(wc -c <"$record.log")))
if [ "$(tail -c 68 "$record.log" | tr -d '\000')" = "= $2" ]; then
  echo "same $size"
else
  echo "log $size"
  cat "$record.log"
fi
if [ -f "$record.names" ] && [ -f "$record.stat" ]; then
  stats <"$record.names" >"$record.now"
  if ! cmp -s "$record.stat" "$record.now"; then
    echo "moved $(($(wc -c <"$record.stat"))) $(($(wc -c <"$record.now")))"
    cat "$record.stat" "$record.now"
    exit 0
  fi
fi
echo steady
)sh";

constexpr char kBlocks[] = R"sh(
record=$1 root=$2 able=1
shift 2
for program in cp dd touch; do
  command -v $program >/dev/null 2>&1 || able=
done
while [ $# -gt 1 ]; do
  sums=$record.blocks/$1
  if [ "$able" ] && [ -f "$sums" ] && [ -r "$root/$2" ] && [ ! -L "$root/$2" ]; then
    echo $(($(wc -c <"$sums")))
    cat "$sums"
  else
    echo 0
  fi
  shift 2
done
)sh";

constexpr char kDeliver[] = R"sh(
record=$1 root=$2 token=$3 gzip=$4 clear=$5 modes=$6
control=$record.control-$token
say() { echo "$*" >&2; exit 73; }
export EXTRACT_UNSAFE_SYMLINKS=1
(umask 077; mkdir -p .rayctl/mounts) || exit 73
if [ -n "$clear" ] && { [ ! -d "$clear" ] || [ -L "$clear" ]; }; then
  rm -f -- "$clear" || exit 73
fi
mkdir -p -- "$root" && root=$(cd -- "$root" && pwd) || exit 73
stage=$root/.rayctl-sync-$token
if [ -f "$record.doing" ]; then
  old=$(cat "$record.doing")
  case $old in */.rayctl-sync-*) rm -rf -- "$old" ;; esac
fi
rm -rf -- "$record".control-*
printf '%s\n' "$stage" >"$record.doing" || exit 73
trap 'rm -rf -- "$stage" "$control" "$record.doing"' EXIT
trap 'exit 73' HUP INT TERM PIPE
(umask 077; mkdir -- "$stage") || exit 73
if [ "$gzip" = 1 ]; then
  gzip -dc | (cd -- "$stage" && exec tar -xpof -)
else
  (cd -- "$stage" && exec tar -xpof -)
fi || say "the files could not be unpacked"
[ -f "$stage/.rayctl-control/complete" ] || say "the transfer was cut short"
mv -- "$stage/.rayctl-control" "$control" || exit 73
for patch in "$control"/patch/*; do
  [ -d "$patch" ] || continue
  name=$(cat "$patch/name"; echo /)
  name=${name%/}
  size=$(cat "$patch/size")
  cp -- "$root/$name" "$stage/$name" || exit 73
  chmod u+w "$stage/$name"
  while read -r seek skip count; do
    dd if="$patch/data" of="$stage/$name" bs=BLOCK seek="$seek" skip="$skip" count="$count" conv=notrunc 2>/dev/null ||
      say "${name#./} could not be changed"
  done <"$patch/runs"
  if [ "$(($(wc -c <"$stage/$name")))" -gt "$size" ]; then
    dd if=/dev/null of="$stage/$name" bs=1 seek="$size" 2>/dev/null
  fi
  [ "$(($(wc -c <"$stage/$name")))" -eq "$size" ] || say "${name#./} could not be changed"
  touch -r "$patch/data" "$stage/$name"
  chmod "$(cat "$patch/mode")" "$stage/$name" || exit 73
done
if [ -s "$control/few" ]; then
  (cd -- "$stage" && xargs -0 sync --) <"$control/few" 2>/dev/null || sync
elif [ -s "$control/dirs" ]; then
  sync -f "$stage" 2>/dev/null || sync
fi
if [ -f "$control/fresh" ]; then rm -rf -- "$record.log" "$record.blocks"; fi
cat "$control/begun" >>"$record.log" || exit 73
if [ -s "$control/remove" ]; then
  (cd -- "$root" && xargs -0 rm -f --) <"$control/remove" || exit 73
fi
if [ -s "$control/maybe" ]; then
  (cd -- "$root" && xargs -0 rm -f -- 2>/dev/null) <"$control/maybe"
fi
if [ -s "$control/rmdirs" ]; then
  (cd -- "$root" && xargs -0 rmdir -- 2>/dev/null) <"$control/rmdirs"
fi
if [ -s "$control/dirs" ]; then
  xargs -0 sh -c '
    root=$1 stage=$2; shift 2
    for d do
      if [ -d "$stage/$d" ] && [ ! -e "$root/$d" ]; then
        mv -- "$stage/$d" "$root/$d" || exit 255
      fi
    done' sh "$root" "$stage" <"$control/dirs" || exit 73
  xargs -0 sh -c '
    root=$1 stage=$2; shift 2
    for d do
      [ -d "$stage/$d" ] || continue
      (cd -- "$stage/$d" && find . ! -name . -prune ! -type d -exec sh -c '\''
        mv -f -- "$@" "$0"'\'' "$root/$d/" {} +) || exit 255
    done' sh "$root" "$stage" <"$control/dirs" || exit 73
  left=$(find "$stage" ! -type d | head -n 1)
  [ -z "$left" ] || say "${left#"$stage/"} could not be put in its place"
fi
for mode in $modes; do
  (cd -- "$root" && xargs -0 chmod "$mode" --) <"$control/mode-$mode" || exit 73
done
if [ -s "$control/stale" ] && [ -d "$record.blocks" ]; then
  (cd -- "$record.blocks" && xargs -0 rm -f --) <"$control/stale"
fi
if [ -d "$control/blocks" ]; then
  (umask 077; mkdir -p "$record.blocks") && mv -f -- "$control"/blocks/* "$record.blocks/" || exit 73
fi
if [ -f "$control/names" ]; then mv -f -- "$control/names" "$record.names" || exit 73; fi
stats <"$record.names" >"$record.now" && mv -f -- "$record.now" "$record.stat" || exit 73
if [ -f "$control/whole" ]; then
  mv -f -- "$control/whole" "$record.log"
else
  cat "$control/done" >>"$record.log"
fi || exit 73
)sh";

}  // namespace

std::string sync_look_script() {
  return std::string(kStats) + kLook;
}

std::string sync_blocks_script() {
  return kBlocks;
}

std::string sync_deliver_script() {
  static constexpr std::string_view kPlaceholder = "bs=BLOCK";
  std::string script = std::string(kStats) + kDeliver;
  script.replace(script.find(kPlaceholder), kPlaceholder.size(), "bs=" + std::to_string(kSumBlock));
  return script;
}

}  // namespace rayctl
