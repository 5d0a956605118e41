#!/usr/bin/env bash
# The one program that the Kubernetes lab is made of (fixtures/kubelab/kubebox), built into the cache from Go modules.
#   (no argument)   builds it unless it is there: ten minutes on 2 processors
#   --where         prints the folder that it is in, or will be: kubebox, and a link for each of its names
# GOMODCACHE and GOCACHE, where they are set, are used and left; the script's own (4 GB) go when the program is there.
set -euo pipefail
# shellcheck source=tools/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"
sources=$RAYCTL_ROOT/fixtures/kubelab/kubebox
names=(etcd kube-apiserver kube-controller-manager kube-proxy kube-scheduler kubectl kubelet kwok)

say() { printf '[setup] %s\n' "$*" >&2; }

# required MODULE: its version, as go.mod says it.
required() { sed -nE "s#^\s+$1 v(\S+)\$#\1#p" "$sources/go.mod"; }

version=$(required k8s.io/kubernetes)
IFS=. read -r major minor _ <<<"$version"
# Without these the programs call themselves v0.0.0 and refuse each other.
link=(
  -s -w
  -X "k8s.io/component-base/version.gitVersion=v$version" -X "k8s.io/client-go/pkg/version.gitVersion=v$version"
  -X "k8s.io/component-base/version.gitMajor=$major" -X "k8s.io/component-base/version.gitMinor=$minor"
  -X k8s.io/component-base/version.gitTreeState=clean
  -X "sigs.k8s.io/kwok/pkg/consts.Version=$(required sigs.k8s.io/kwok)"
)
key=$({ cd "$sources" && cat go.mod go.sum ./*.go && echo "${link[*]}"; } | sha256sum | cut -c1-12)
target=$RAYCTL_CACHE/kubebox-$version-$key

build() {
  local scratch=$RAYCTL_CACHE/kubebox.part go name
  say "building etcd, Kubernetes $version and kwok for the Kubernetes lab: ten minutes, 4 GB below $scratch"
  mkdir -p "$scratch/bin"
  go=$("$RAYCTL_ROOT/tools/find_go.sh" 1.24 "$scratch/go")
  # What was done stays for the next time if this fails.
  (
    cd "$sources"
    export GOMODCACHE=${GOMODCACHE:-$scratch/mod} GOCACHE=${GOCACHE:-$scratch/build} GOTOOLCHAIN=local CGO_ENABLED=0 \
      GOGC=400 GOFLAGS=-modcacherw GOWORK=off
    "$go" build -mod=readonly -trimpath -ldflags "${link[*]}" -o "$scratch/bin/kubebox" .
  ) 2>"$scratch/build.log" || {
    tail -n 40 "$scratch/build.log" >&2
    exit 1
  }
  for name in "${names[@]}"; do ln -sf kubebox "$scratch/bin/$name"; done
  if [[ $("$scratch/bin/kubelet" --version) != "Kubernetes v$version" ]]; then
    say "what was built is not Kubernetes $version"
    exit 1
  fi
  rm -rf "$target"
  mv "$scratch/bin" "$target"
  rm -rf "$scratch"
}

if [[ ${1:-} == --where ]]; then
  echo "$target"
elif [[ ! -x $target/kubebox ]]; then
  build
fi
