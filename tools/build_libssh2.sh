#!/usr/bin/env bash
# libssh2 from the source package of Debian trixie: bookworm's 1.10 signs RSA keys with SHA-1, which no current sshd
# accepts. The mirror is the one that apt uses on this machine; the package is checked against Debian's own keyring.
#   build_libssh2.sh           builds it into the cache unless it is there
#   build_libssh2.sh --where   prints the folder that it is in, or will be
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

version=1.11.1
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
flags=(
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib
  -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF -DBUILD_TESTING=OFF
  -DCRYPTO_BACKEND=OpenSSL -DOPENSSL_USE_STATIC_LIBS=ON -DENABLE_ZLIB_COMPRESSION=OFF
)
key=$(printf '%s\n' "$version" "$suite" "${flags[@]}" | sha256sum | cut -c1-12)
target=$RAYCTL_CACHE/libssh2-$version-$key

say() { printf '[setup] %s\n' "$*" >&2; }
give_up() {
  say "$*"
  exit 1
}

header_version() { sed -nE 's/^#define LIBSSH2_VERSION +"([^"]+)".*/\1/p' "$1/include/libssh2.h" 2>/dev/null; }

# .digests is written last: a build that was cut short, or a file that changed since, is made anew.
is_there() {
  [[ -f $target/.digests && $(header_version "$target") == "$version" ]] &&
    (cd "$target" && sha256sum --status --strict -c .digests)
}

# The address that apt fetches this machine's own Debian from.
mirror() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' 'Created-By: Packages' |
    awk -v codename="$codename" '$2 == "Debian" && $3 == codename { print $1; exit }'
}

# Fetches the signed source package into $1, with lists and sources of its own: the machine's are not touched.
fetch() {
  local uri apt=$1/apt
  uri=$(mirror)
  [[ -n $uri ]] || give_up "apt's settings name no mirror of Debian for this release; run apt-get update and try again"
  [[ -f $keyring ]] || give_up "$keyring is missing: install debian-archive-keyring"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts}
  echo "deb-src [signed-by=$keyring] $uri $suite main" >"$apt/sources.list"
  local get=(
    apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$apt/sources.list"
    -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache"
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
    -o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false
  )
  "${get[@]}" update >&2
  (cd "$1" && "${get[@]}" source --only-source libssh2 >unpack.log 2>&1) || {
    cat "$1/unpack.log" >&2
    give_up "the source package of libssh2 could not be fetched"
  }
  [[ -d $1/libssh2-$version ]] || give_up "Debian $suite no longer has libssh2 $version: $(echo "$1"/libssh2_*.dsc)"
}

build() {
  local scratch=$target.part
  rm -rf "$scratch" "$target"
  mkdir -p "$scratch"
  fetch "$scratch"
  {
    cmake -S "$scratch/libssh2-$version" -B "$scratch/build" -G Ninja "${flags[@]}" -DCMAKE_INSTALL_PREFIX="$target" &&
      cmake --build "$scratch/build" &&
      DESTDIR="$scratch/install" cmake --install "$scratch/build"
  } >"$scratch/build.log" 2>&1 || {
    tail -n 40 "$scratch/build.log" >&2
    give_up "libssh2 $version could not be built"
  }
  local made=$scratch/install$target
  [[ $(header_version "$made") == "$version" ]] || give_up "what was built is not libssh2 $version"
  (cd "$made" && sha256sum include/*.h lib/libssh2.a >.digests)
  mv "$made" "$target"
  rm -rf "$scratch"
}

if [[ ${1:-} == --where ]]; then
  echo "$target"
elif ! is_there; then
  say "building libssh2 $version from Debian's source package"
  build
fi
