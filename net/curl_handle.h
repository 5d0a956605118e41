#pragma once
#include <curl/curl.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "net/route.h"

namespace rayctl {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// A list of lines, as libcurl takes them.
class CurlList {
 public:
  CurlList() = default;
  ~CurlList() { curl_slist_free_all(first_); }
  CurlList(const CurlList&) = delete;
  CurlList& operator=(const CurlList&) = delete;
  void add(const std::string& line) { first_ = curl_slist_append(first_, line.c_str()); }
  curl_slist* get() const { return first_; }

 private:
  curl_slist* first_ = nullptr;
};

/// What a handle points into while it is used.
struct CurlParts {
  CurlList headers, connect_to;
  std::array<char, CURL_ERROR_SIZE> words{};
};

/// A handle, libcurl being initialised before the first; the program ends if there is none.
CURL* new_curl_handle();

/// Why a URL, a method and headers can never be sent; empty if they can.
std::string objection(const std::string& method, const std::string& url, const Headers& headers);

/// URL, proxies, TLS and time limits. `url` begins with the scheme for libcurl: http, https, ws or
/// wss. The route's server name takes the host's place in it, and `headers` get a Host.
void set_route(CURL* handle, std::string url, const Route& route, Millis limit, CurlParts& parts);

/// Headers as they are given, and none of libcurl's own but Host and Content-Length.
void set_headers(CURL* handle, const Headers& headers, CurlParts& parts);

/// A failed transfer as HttpClient::send tells it. `why`: in place of libcurl's words, or "".
Error curl_failure(CURL* handle, CURLcode code, const std::string& url, const Route& route,
                   const CurlParts& parts, std::string why);

/// Takes a line of an answer's head: the names in lower case.
void take_header_line(std::string_view line, HttpResponse& response);

}  // namespace rayctl
