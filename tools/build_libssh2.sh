#!/usr/bin/env bash
# libssh2 from the source package of Debian trixie: bookworm's 1.10 signs RSA keys with SHA-1, which no current sshd
# accepts. Arguments: see debian_source.sh.
# shellcheck disable=SC2034 # they are for debian_source.sh
set -euo pipefail

library=libssh2 package=libssh2 version=1.11.1 suite=trixie
header='include/*.h' macro=LIBSSH2_VERSION archive=lib/libssh2.a
flags=(
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib
  -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_EXAMPLES=OFF -DBUILD_TESTING=OFF
  -DCRYPTO_BACKEND=OpenSSL -DOPENSSL_USE_STATIC_LIBS=ON -DENABLE_ZLIB_COMPRESSION=OFF
)
# shellcheck source=tools/debian_source.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_source.sh"
debian_source "$@"
