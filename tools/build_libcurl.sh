#!/usr/bin/env bash
# libcurl from the source package of Debian trixie: bookworm's archive has every protocol in it and needs a dozen other
# libraries. This one speaks HTTP and HTTPS (1.1 and 2) and WebSockets, and needs OpenSSL and nghttp2. Which certificates
# it trusts is said at run time (net/), because one program runs on every distribution. Arguments: see debian_source.sh.
# shellcheck disable=SC2034 # they are for debian_source.sh
set -euo pipefail

library=libcurl package=curl version=8.14.1 suite=trixie
header='include/curl/*.h' macro=LIBCURL_VERSION archive=lib/libcurl.a
flags=(
  -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib
  -DBUILD_SHARED_LIBS=OFF -DBUILD_STATIC_LIBS=ON -DBUILD_CURL_EXE=OFF -DBUILD_EXAMPLES=OFF -DBUILD_TESTING=OFF
  -DBUILD_LIBCURL_DOCS=OFF -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF
  -DHTTP_ONLY=ON -DENABLE_IPV6=ON -DENABLE_UNIX_SOCKETS=OFF
  -DCURL_USE_OPENSSL=ON -DOPENSSL_USE_STATIC_LIBS=ON -DUSE_NGHTTP2=ON
  -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none
  -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF
  -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_GSSAPI=OFF -DCURL_USE_PKGCONFIG=OFF
  -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_ALTSVC=ON -DCURL_DISABLE_HSTS=ON -DCURL_DISABLE_NETRC=ON
  -DCURL_DISABLE_AWS=ON -DCURL_DISABLE_NTLM=ON -DCURL_DISABLE_KERBEROS_AUTH=ON -DCURL_DISABLE_NEGOTIATE_AUTH=ON
  -DCURL_DISABLE_WEBSOCKETS=OFF
)
# shellcheck source=tools/debian_source.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_source.sh"
debian_source "$@"
