# shellcheck shell=bash
# Source this from any folder: it says where the project's caches and its Python environment are. `./dev setup`
# fills them; nothing here changes anything.

RAYCTL_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# All that is fetched or worth keeping between builds. Safe to delete.
RAYCTL_CACHE=${RAYCTL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rayctl-dev}
# The virtual environment that holds Ray. Its name carries the digest of what was asked for.
RAYCTL_VENV=$RAYCTL_CACHE/venv-$(sha256sum <"$RAYCTL_ROOT/tools/requirements-ray.txt" | cut -c1-12)
RAYCTL_PYTHON=$RAYCTL_VENV/bin/python
RAYCTL_RAY=$RAYCTL_VENV/bin/ray
# The one of the AWS lab (fixtures/awslab): moto and boto3.
RAYCTL_AWS_VENV=$RAYCTL_CACHE/venv-aws-$(sha256sum <"$RAYCTL_ROOT/tools/requirements-aws.txt" | cut -c1-12)
RAYCTL_AWS_PYTHON=$RAYCTL_AWS_VENV/bin/python
# The one of the GCP lab (fixtures/gcplab): gcplocal and Google's client libraries.
RAYCTL_GCP_VENV=$RAYCTL_CACHE/venv-gcp-$(sha256sum <"$RAYCTL_ROOT/tools/requirements-gcp.txt" | cut -c1-12)
RAYCTL_GCP_PYTHON=$RAYCTL_GCP_VENV/bin/python
# Answers of Compute Engine that Apache Libcloud has recorded for its own tests, as JSON files.
RAYCTL_LIBCLOUD_GCE=$RAYCTL_CACHE/libcloud-3.9.1/libcloud/test/compute/fixtures/gce
# <version>/ray/autoscaler/... of each version in tools/ray-wheels.txt.
RAYCTL_RAY_WHEELS=$RAYCTL_CACHE/ray-wheels
# What a person's own build in this tree and ./dev share.
CCACHE_DIR=$RAYCTL_CACHE/ccache
# Ray must not report the tests' clusters to anyone.
RAY_USAGE_STATS_ENABLED=0

export RAYCTL_ROOT RAYCTL_CACHE RAYCTL_VENV RAYCTL_PYTHON RAYCTL_RAY RAYCTL_AWS_VENV RAYCTL_AWS_PYTHON \
  RAYCTL_GCP_VENV RAYCTL_GCP_PYTHON RAYCTL_LIBCLOUD_GCE RAYCTL_RAY_WHEELS CCACHE_DIR RAY_USAGE_STATS_ENABLED
