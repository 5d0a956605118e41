#!/usr/bin/env bash
# find_go.sh VERSION FOLDER: prints the path of a go program of that version or a later one. One that the machine has is
# taken; otherwise its older one (or Debian's, which is then installed) fetches one into FOLDER, as a module:
# https://go.dev/ref/mod#module-proxy says from where, and the settings of `go env` (GOPROXY, GOSUMDB) are what decides.
set -euo pipefail
wanted=$1 folder=$2
fetched=1.26.8

say() { printf '[setup] %s\n' "$*" >&2; }

# version_of GO: 1.26.8
version_of() { GOTOOLCHAIN=local "$1" version | sed -nE 's/^go version go([0-9.]+).*/\1/p'; }

is_enough() { [[ $(printf '%s\n' "$wanted" "$1" | sort -V | head -n 1) == "$wanted" ]]; }

all() { type -aP go || true; ls -d /usr/local/go/bin/go /usr/lib/go*/bin/go 2>/dev/null || true; }

mapfile -t found < <(all)
for go in "${found[@]}"; do
  if is_enough "$(version_of "$go")"; then
    echo "$go"
    exit
  fi
done

if ((${#found[@]} == 0)); then
  say "installing Debian's golang-go, to fetch Go $fetched with"
  root=()
  [[ $(id -u) == 0 ]] || root=(sudo)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
    golang-go >&2
  mapfile -t found < <(all)
fi

platform=linux-$("${found[0]}" env GOARCH)
toolchain=$folder/golang.org/toolchain@v0.0.1-go$fetched.$platform
if [[ ! -x $toolchain/bin/go ]]; then
  say "fetching Go $fetched"
  mkdir -p "$folder"
  (cd / && GO111MODULE=on GOFLAGS=-modcacherw GOTOOLCHAIN=local GOMODCACHE=$folder \
    "${found[0]}" mod download "golang.org/toolchain@v0.0.1-go$fetched.$platform") >&2
  # A module's files come without the right to run them.
  chmod -R u+w "$toolchain"
  chmod u+x "$toolchain"/bin/* "$toolchain"/pkg/tool/*/*
  is_enough "$(version_of "$toolchain/bin/go")"
fi
echo "$toolchain/bin/go"
