#!/usr/bin/env bash
# in_env.sh SCRIPT [args...]: runs a test program with the project's environment (tools/env.sh), in process and network
# namespaces of its own: its traffic cannot leave the machine, and whatever it starts ends with it.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/env.sh"

script=$1
shift
case $script in
  *.py) set -- "$RAYCTL_VENV/bin/python" "$script" "$@" ;;
  *) set -- bash "$script" "$@" ;;
esac

flags=(--net --pid --fork --kill-child --mount-proc)
[ "$(id -u)" -eq 0 ] || flags+=(--user --map-root-user)
if ! unshare "${flags[@]}" true 2>/dev/null; then
  echo "in_env.sh: cannot make namespaces (unshare ${flags[*]}): run as root, or allow user namespaces" >&2
  exit 1
fi
exec unshare "${flags[@]}" bash -c 'ip link set lo up && exec "$@"' in_env "$@"
