#!/usr/bin/env bash
# ./dev check: every rule that a program can check. All of them run, also after one has failed.
#   tools/check.sh [FILE...]    with files (C++), only these are formatted, traced and read by clang-tidy
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$RAYCTL_ROOT"

given=("$@")
# every NAME_PATTERN...: the files of the tree that match, the new ones that git does not know yet included.
every() { git ls-files -co --exclude-standard "$@" | while read -r file; do [[ ! -f $file ]] || echo "$file"; done; }
# Sets `files` to the C++ files to look at: all but what is precompiled, every change of which compiles all anew.
cpp_files() {
  files=("${given[@]}")
  ((${#files[@]} > 0)) || mapfile -t files < <(every '*.h' '*.cc' ':!cmake')
}

check_format() {
  cpp_files
  local said badly
  # It ends with 0 unless it could not do its work at all.
  said=$(clang-format-16 --dry-run "${files[@]}" 2>&1 </dev/null) || {
    echo "$said"
    return 1
  }
  badly=$(sed -nE 's/^([^: ]+:[0-9]+):[0-9]+: warning: code should be clang-formatted.*/\1/p' <<<"$said" | sort -u -t: -k1,1)
  [[ -z $badly ]] || {
    printf '%s\nthese files (and first lines) are not in the house format; ./dev format FILE... puts them right\n' "$badly"
    return 1
  }
}

check_includes() {
  "$RAYCTL_PYTHON" tools/check_includes.py --self-test && "$RAYCTL_PYTHON" tools/check_includes.py "${given[@]}"
}

check_scripts() {
  local scripts=() pythons=() file
  while read -r file; do
    if [[ $(head -c 64 "$file" | head -n 1 | tr -d '\0') =~ ^#!.*(bash|/sh) ]]; then scripts+=("$file"); fi
  done < <(every '*.sh' dev '.ci/*')
  mapfile -t pythons < <(every '*.py')
  shellcheck --external-sources "${scripts[@]}" &&
    "$RAYCTL_PYTHON" tools/compile_python.py "${pythons[@]}"
}

# The tree must not know the machine it is on. A line that means a path inside a container or a fixture says so with
# the words "path-ok", or stands in a file that Ray wrote.
check_paths() {
  local folders='work|root|farm'
  if git grep -nIE "(^|[^A-Za-z0-9_.~*}>)-])/($folders)/" -- . ':!*.golden' ':!fixtures/ray-*' | grep -v 'path-ok'; then
    echo "these are paths of one machine"
    return 1
  fi
}

check_build() {
  ./dev build release >build/check.log 2>&1 || {
    grep -vE '^(\[[0-9]+/|env CCACHE)' build/check.log
    return 1
  }
}

check_tidy() { "$RAYCTL_PYTHON" tools/clang_tidy.py build/release "${given[@]}"; }

failed=()
run() {
  local start=$SECONDS status=ok
  "check_$1" || status=FAILED
  [[ $status == ok ]] || failed+=("$1")
  printf '[check] %-8s %-6s %4d s\n' "$1" "$status" $((SECONDS - start))
}

mkdir -p build
run format
run includes
run scripts
run paths
run build
# After the build, which generates and records headers.
run tidy
((${#failed[@]} == 0)) || {
  echo "[check] failed: ${failed[*]}"
  exit 1
}
