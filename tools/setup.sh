#!/usr/bin/env bash
# Installs what building and testing needs, and says so; does nothing that is already done. Called by ./dev.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
cd "$RAYCTL_ROOT"

say() { printf '[setup] %s\n' "$*" >&2; }

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    say "root is needed for: $*"
    say "run it as root, or install sudo, and start again"
    exit 1
  fi
}

# Sets `missing` to the packages of tools/packages.txt that dpkg does not know as installed.
find_missing() {
  local wanted installed
  mapfile -t wanted < <(grep -v -e '^#' -e '^$' tools/packages.txt)
  # dpkg-query exits 1 when it has never heard of one of them.
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
  missing=()
  local package
  for package in "${wanted[@]}"; do
    grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
  done
}

setup_debian() {
  find_missing
  if ((${#missing[@]} == 0)); then
    return
  fi
  say "installing Debian packages: ${missing[*]}"
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  local install=("${get[@]}" install -y --no-install-recommends "${missing[@]}")
  # The lists are fetched only when apt cannot tell where the packages are.
  if ! "${install[@]}" --simulate >/dev/null 2>&1; then
    as_root "${get[@]}" update
  fi
  if ! as_root "${install[@]}"; then
    say "once more, with fresh lists"
    as_root "${get[@]}" update
    as_root "${install[@]}"
  fi
  find_missing
  if ((${#missing[@]} > 0)); then
    say "still missing: ${missing[*]}"
    exit 1
  fi
}

# pinned REQUIREMENTS PACKAGE: its version there.
pinned() { sed -n "s/^$2==//p" "$1"; }
ray_version() { pinned tools/requirements-ray.txt ray; }

# venv_is_there FOLDER REQUIREMENTS PACKAGE: .complete is written last, so an interrupted installation is made anew.
venv_is_there() {
  [[ -e $1/.complete ]] &&
    [[ $("$1/bin/python" -c 'import importlib.metadata as m, sys; print(m.version(sys.argv[1]))' "$3" 2>/dev/null) == \
      "$(pinned "$2" "$3")" ]]
}

# setup_venv FOLDER REQUIREMENTS PACKAGE: PACKAGE is what the others are there for.
setup_venv() {
  if venv_is_there "$@"; then
    return
  fi
  say "installing $3 $(pinned "$2" "$3") and $(($(grep -c == "$2") - 1)) pinned Python packages in a virtual environment"
  rm -rf "$1"
  /usr/bin/python3 -m venv "$1"
  "$1/bin/python" -m pip --disable-pip-version-check install --quiet --no-deps -r "$2"
  "$1/bin/python" -m pip --disable-pip-version-check check >&2
  touch "$1/.complete"
}

# Unpacks ray/autoscaler/ of the wheels in tools/ray-wheels.txt; the installed version's is linked.
setup_wheels() {
  local version python platform digest target scratch
  while read -r version python platform digest; do
    target=$RAYCTL_RAY_WHEELS/$version
    if [[ -f $target/ray/autoscaler/ray-schema.json && $(cat "$target/.digest" 2>/dev/null) == "$digest" ]]; then
      continue
    fi
    say "fetching the wheel of Ray $version for its configuration files"
    scratch=$RAYCTL_CACHE/wheel-$version.part
    rm -rf "$scratch" "$target"
    "$RAYCTL_PYTHON" -m pip --disable-pip-version-check download --quiet "ray==$version" --no-deps --no-cache-dir \
      --only-binary :all: --python-version "$python" --platform "$platform" --dest "$scratch"
    sha256sum --quiet -c - <<<"$digest  $(echo "$scratch"/*.whl)"
    "$RAYCTL_PYTHON" tools/unpack_wheel.py "$(echo "$scratch"/*.whl)" ray/autoscaler "$scratch"
    rm "$scratch"/*.whl
    echo "$digest" >"$scratch/.digest"
    mkdir -p "$RAYCTL_RAY_WHEELS"
    mv "$scratch" "$target"
  done < <(grep -v '^#' tools/ray-wheels.txt)

  target=$RAYCTL_RAY_WHEELS/$(ray_version)/ray
  mkdir -p "$target"
  ln -sfnT "$(echo "$RAYCTL_VENV"/lib/python3*/site-packages/ray/autoscaler)" "$target/autoscaler"
}

# Unpacks what Apache Libcloud's source distribution has recorded of Compute Engine's answers.
setup_libcloud() {
  local version=3.9.1 digest=b65eaa5ac32b28a0f9555e6a223dba39e73b99b682cd849624587ce7bc251661
  local target=$RAYCTL_CACHE/libcloud-$version scratch=$RAYCTL_CACHE/libcloud-$version.part
  if [[ $(cat "$target/.digest" 2>/dev/null) == "$digest" ]]; then
    return
  fi
  say "fetching Apache Libcloud $version for the answers of Compute Engine that it has recorded"
  rm -rf "$scratch" "$target"
  "$RAYCTL_PYTHON" -m pip --disable-pip-version-check download --quiet "apache-libcloud==$version" --no-deps \
    --no-cache-dir --no-binary :all: --dest "$scratch"
  sha256sum --quiet -c - <<<"$digest  $(echo "$scratch"/*.tar.gz)"
  tar -xzf "$scratch"/*.tar.gz -C "$scratch" --strip-components=1 --wildcards '*/libcloud/test/compute/fixtures/gce/*'
  rm "$scratch"/*.tar.gz
  echo "$digest" >"$scratch/.digest"
  mv "$scratch" "$target"
}

mkdir -p "$RAYCTL_CACHE"
# Two of these at once: the second waits, then finds everything done.
exec 9>"$RAYCTL_CACHE/setup.lock"
if ! flock --nonblock 9; then
  say "waiting for another ./dev setup"
  flock 9
fi
setup_debian
tools/build_libssh2.sh
tools/build_libcurl.sh
tools/build_tidy_plugin.sh
fixtures/roots/roots.sh fetch
setup_venv "$RAYCTL_VENV" tools/requirements-ray.txt ray
setup_venv "$RAYCTL_AWS_VENV" tools/requirements-aws.txt moto
setup_venv "$RAYCTL_GCP_VENV" tools/requirements-gcp.txt gcplocal
setup_wheels
setup_libcloud
fixtures/kubelab/kubelab.sh setup
