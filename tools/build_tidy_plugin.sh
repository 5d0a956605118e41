#!/usr/bin/env bash
# Builds tools/tidy_own_code.cc, the plugin that makes clang-tidy several times faster, into the cache. The headers that
# it needs are taken out of Debian's packages for the installed clang-tidy and not kept.
#   (no argument)   builds it unless it is there
#   --where         prints the file that it is in, or will be
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
source=$RAYCTL_ROOT/tools/tidy_own_code.cc

version=$(dpkg-query -W -f '${Version}' clang-tidy-16)
plugin=$RAYCTL_CACHE/tidy-plugin-$({ echo "$version" && cat "$source"; } | sha256sum | cut -c1-12).so

build() {
  local scratch=$plugin.part package include=usr/lib/llvm-16/include
  echo "[setup] building the plugin of clang-tidy" >&2
  rm -rf "$scratch"
  mkdir -p "$scratch"
  cd "$scratch"
  apt-get -qq -o APT::Sandbox::User=root download "libclang-16-dev=$version" "llvm-16-dev=$version" >&2
  for package in *.deb; do
    dpkg-deb --extract "$package" unpacked
    rm "$package"
  done
  g++ -std=c++17 -O1 -fPIC -shared -fno-rtti -w -I "unpacked/$include" -I unpacked/usr/include/llvm-16 \
    "$source" -o plugin.so
  mv plugin.so "$plugin"
  rm -rf "$scratch"
}

if [[ ${1:-} == --where ]]; then
  echo "$plugin"
elif [[ ! -f $plugin ]]; then
  build
fi
