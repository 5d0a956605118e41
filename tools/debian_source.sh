# shellcheck shell=bash
# A static library from a source package of a later Debian than this machine's, built into the cache. The mirror is the
# one that apt uses here; the package is checked against Debian's own keyring. Source this after setting
#   library   what it is called, in messages and in the cache       package   the source package
#   version   of upstream, as its folder and its header say it      suite     the release of Debian
#   header    a glob of its headers below the target                archive   the library below the target
#   macro     what the first of the headers defines as its version  flags     what CMake is told (an array)
# then call `debian_source "$@"`:
#   (no argument)   builds it into the cache unless it is there
#   --where         prints the folder that it is in, or will be
# shellcheck source=tools/debian_mirror.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_mirror.sh"

# shellcheck disable=SC2154 # whoever sources this sets these
key=$(printf '%s\n' "$version" "$suite" "${flags[@]}" | sha256sum | cut -c1-12)
# shellcheck disable=SC2154
target=$RAYCTL_CACHE/$library-$version-$key

say() { printf '[setup] %s\n' "$*" >&2; }
give_up() {
  say "$*"
  exit 1
}

# The version that the headers below the folder $1 are of.
header_version() {
  # shellcheck disable=SC2154,SC2086 # a glob
  cat "$1"/$header 2>/dev/null | sed -nE "s/^#define $macro +\"([^\"]+)\".*/\1/p"
}

# .digests is written last: a build that was cut short, or a file that changed since, is made anew.
is_there() {
  [[ -f $target/.digests && $(header_version "$target") == "$version" ]] &&
    (cd "$target" && sha256sum --status --strict -c .digests)
}

# Fetches the signed source package into $1, with lists and sources of its own: the machine's are not touched. Of the
# revisions of our version that the release lists the newest is taken; a mirror that lags has only an earlier one.
fetch() {
  local uri revision apt=$1/apt
  uri=$(mirror)
  [[ -n $uri ]] || give_up "apt's settings name no mirror of Debian for this release; run apt-get update and try again"
  [[ -f $keyring ]] || give_up "$keyring is missing: install debian-archive-keyring"
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,parts}
  echo "deb-src [signed-by=$keyring] $uri $suite main" >"$apt/sources.list"
  local options=(
    -qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$apt/sources.list"
    -o Dir::Etc::sourceparts="$apt/parts" -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache"
    -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null
    -o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false
  )
  apt-get "${options[@]}" update >&2
  # shellcheck disable=SC2154
  for revision in $(apt-cache "${options[@]}" showsrc --only-source "$package" 2>"$1/unpack.log" |
    sed -n 's/^Version: //p' | grep -F "$version-" | sort -rVu); do
    if (cd "$1" && apt-get "${options[@]}" source --only-source "$package=$revision" >>unpack.log 2>&1); then
      [[ -d $1/$package-$version ]] || give_up "$package $revision is not $library $version"
      return
    fi
  done
  cat "$1/unpack.log" >&2
  give_up "the source package of $library $version could not be fetched: is it still in Debian $suite?"
}

build() {
  local scratch=$target.part
  rm -rf "$scratch" "$target"
  mkdir -p "$scratch"
  fetch "$scratch"
  {
    cmake -S "$scratch/$package-$version" -B "$scratch/build" -G Ninja "${flags[@]}" -DCMAKE_INSTALL_PREFIX="$target" &&
      cmake --build "$scratch/build" &&
      DESTDIR="$scratch/install" cmake --install "$scratch/build"
  } >"$scratch/build.log" 2>&1 || {
    tail -n 40 "$scratch/build.log" >&2
    give_up "$library $version could not be built"
  }
  local made=$scratch/install$target
  [[ $(header_version "$made") == "$version" ]] || give_up "what was built is not $library $version"
  # shellcheck disable=SC2154,SC2086 # a glob
  (cd "$made" && sha256sum $header "$archive" >.digests)
  mv "$made" "$target"
  rm -rf "$scratch"
}

debian_source() {
  if [[ ${1:-} == --where ]]; then
    echo "$target"
  elif ! is_there; then
    say "building $library $version from Debian's source package"
    build
  fi
}
