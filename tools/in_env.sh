#!/usr/bin/env bash
# Runs a program with the project's environment (tools/env.sh). A Python program gets the interpreter of the virtual
# environment, where Ray and the test libraries are.
#   tools/in_env.sh PROGRAM [argument...]
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
if [[ ! -x $RAYCTL_RAY ]]; then
  echo "in_env.sh: the Python environment is not there. Run ./dev setup" >&2
  exit 1
fi
case $1 in
  *.py) exec "$RAYCTL_PYTHON" "$@" ;;
  *) exec "$@" ;;
esac
