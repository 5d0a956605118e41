#include "net/curl_handle.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include "base/text.h"

namespace rayctl {
namespace {

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return;
    std::fputs("rayctl: libcurl cannot be initialised\n", stderr);
    std::abort();
  });
}

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

bool is_permanent(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_SSL_CERTPROBLEM || code == CURLE_URL_MALFORMAT ||
         code == CURLE_UNSUPPORTED_PROTOCOL;
}

bool is_before_sending(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY || code == CURLE_SSL_CONNECT_ERROR;
}

void set_blob(CURL* handle, CURLoption option, const std::string& text) {
  if (text.empty()) return;
  curl_blob blob{};
  blob.data = const_cast<char*>(text.data());
  blob.len = text.size();
  blob.flags = CURL_BLOB_COPY;
  curl_easy_setopt(handle, option, &blob);
}

/// Host and port of a URL, the port with its colon or "".
std::pair<std::string, std::string> host_and_port(const std::string& url) {
  const std::string origin = origin_of(url);
  const std::string whole = origin.substr(origin.find("://") + 3);
  const std::size_t colon = whole.rfind(':');
  const std::size_t bracket = whole.rfind(']');
  if (colon == std::string::npos || (bracket != std::string::npos && colon < bracket)) {
    return {whole, ""};
  }
  return {whole.substr(0, colon), whole.substr(colon)};
}

void set_tls(CURL* handle, const Route& route) {
  const TlsSettings& tls = route.tls;
  if (!route.certificates.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, route.certificates.c_str());
    curl_easy_setopt(handle, CURLOPT_PROXY_CAINFO, route.certificates.c_str());
  }
  set_blob(handle, CURLOPT_CAINFO_BLOB, tls.ca);
  set_blob(handle, CURLOPT_SSLCERT_BLOB, tls.certificate);
  set_blob(handle, CURLOPT_SSLKEY_BLOB, tls.key);
  if (tls.insecure) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

}  // namespace

CURL* new_curl_handle() {
  initialise_once();
  CURL* handle = curl_easy_init();
  if (handle != nullptr) return handle;
  std::fputs("rayctl: libcurl has no handle to give\n", stderr);
  std::abort();
}

std::string objection(const std::string& method, const std::string& url, const Headers& headers) {
  const auto broken = [](const std::string& text) {
    return text.find_first_of(std::string("\r\n\0", 3)) != std::string::npos;
  };
  bool bad = broken(url) || broken(method) || method.empty();
  for (const auto& [name, value] : headers) {
    bad =
        bad || name.empty() || broken(name) || broken(value) || name.find(':') != std::string::npos;
  }
  return bad ? "a request to " + trim(origin_of(url)) + " is malformed" : "";
}

void set_route(CURL* handle, std::string url, const Route& route, Millis limit, CurlParts& parts) {
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, parts.words.data());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  // "" is none, whatever the process's own environment says.
  curl_easy_setopt(handle, CURLOPT_PROXY, route.proxy.c_str());
  curl_easy_setopt(handle, CURLOPT_NOPROXY, route.proxy_exceptions.c_str());
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set_tls(handle, route);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::min(route.connect_timeout, limit).count()));
  if (!route.tls.server_name.empty()) {
    const auto [host, port] = host_and_port(url);
    const std::size_t at = url.find(host + port);
    if (at != std::string::npos) {
      url.replace(at, host.size() + port.size(), route.tls.server_name + port);
      parts.connect_to.add("::" + host + ":" + (port.empty() ? "" : port.substr(1)));
      curl_easy_setopt(handle, CURLOPT_CONNECT_TO, parts.connect_to.get());
      parts.headers.add("Host: " + host + port);
    }
  }
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
}

void set_headers(CURL* handle, const Headers& headers, CurlParts& parts) {
  // What libcurl would add by itself, switched off unless it is given.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    const bool given = std::any_of(headers.begin(), headers.end(), [&](const auto& header) {
      return lower(header.first) == lower(name);
    });
    if (!given) parts.headers.add(std::string(name) + ":");
  }
  for (const auto& [name, value] : headers) {
    parts.headers.add(value.empty() ? name + ";" : name + ": " + value);
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, parts.headers.get());
}

Error curl_failure(CURL* handle, CURLcode code, const std::string& url, const Route& route,
                   const CurlParts& parts, std::string why) {
  const std::string origin = origin_of(url);
  if (why.empty()) {
    why = parts.words[0] != '\0' ? trim(parts.words.data()) : curl_easy_strerror(code);
  }
  if (is_permanent(code)) {
    if (code == CURLE_SSL_CACERT_BADFILE) {
      why = route.certificates.empty() ? "the certificates to trust are not PEM"
                                       : "cannot read certificates: " + route.certificates;
    }
    return permanent(ErrorCode::kProviderRefused, origin + ": " + why);
  }
  curl_off_t started = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &started);
  if (is_before_sending(code) || started == 0) {
    return transient(ErrorCode::kProviderUnavailable, "cannot reach " + origin + ": " + why);
  }
  return unknown_outcome(ErrorCode::kProviderUnavailable, "no answer from " + origin + ": " + why);
}

void take_header_line(std::string_view line, HttpResponse& response) {
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    response.headers.clear();  // those of a "100 Continue"
  } else if (colon != std::string_view::npos) {
    response.headers[lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
  }
}

}  // namespace rayctl
