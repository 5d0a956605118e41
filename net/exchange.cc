#include "net/exchange.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
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

struct HeaderList {
  curl_slist* first = nullptr;
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(first); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) { first = curl_slist_append(first, line.c_str()); }
};

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

/// What goes out and what has come in.
struct Traffic {
  std::string_view unsent;
  std::size_t largest = 0;
  HttpResponse response;
  bool too_large = false;
};

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::size_t bytes = std::min(size * count, traffic->unsent.size());
  std::memcpy(into, traffic->unsent.data(), bytes);
  traffic->unsent.remove_prefix(bytes);
  return bytes;
}

std::size_t take_body(char* from, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::size_t bytes = size * count;
  traffic->too_large = traffic->response.body.size() + bytes > traffic->largest;
  if (traffic->too_large) return CURL_WRITEFUNC_ERROR;
  traffic->response.body.append(from, bytes);
  return bytes;
}

std::size_t take_header(char* from, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::string_view line(from, size * count);
  const std::size_t colon = line.find(':');
  if (line.starts_with("HTTP/")) {
    traffic->response.headers.clear();  // those of a "100 Continue"
  } else if (colon != std::string_view::npos) {
    traffic->response.headers[lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
  }
  return line.size();
}

/// Everything up to the path: nothing after it belongs into a message.
std::string origin_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string whole = url.substr(0, url.find_first_of("/?#", start));
  const std::size_t user = whole.rfind('@');
  return user == std::string::npos ? whole : whole.substr(0, start) + whole.substr(user + 1);
}

std::optional<Error> objection(const HttpRequest& request) {
  const auto broken = [](const std::string& text) {
    return text.find_first_of(std::string("\r\n\0", 3)) != std::string::npos;
  };
  bool bad = broken(request.url) || broken(request.method) || request.method.empty();
  for (const auto& [name, value] : request.headers) {
    bad =
        bad || name.empty() || broken(name) || broken(value) || name.find(':') != std::string::npos;
  }
  if (!bad) return std::nullopt;
  return permanent(ErrorCode::kProviderRefused,
                   "a request to " + trim(origin_of(request.url)) + " is malformed");
}

bool is_permanent(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
         code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
}

bool is_before_sending(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_PROXY || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_COULDNT_CONNECT || code == CURLE_PROXY || code == CURLE_SSL_CONNECT_ERROR;
}

void set_method(CURL* handle, const HttpRequest& request, Traffic& traffic) {
  const bool has_body =
      !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (has_body) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    // Read from us, who cannot rewind: so libcurl never sends a body a second time by itself.
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(handle, CURLOPT_READDATA, &traffic);
  } else if (request.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  }
  if (request.method != "GET" || has_body) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void set_headers(CURL* handle, const HttpRequest& request, HeaderList& list) {
  // What libcurl would add by itself, switched off unless it is given.
  for (const char* name : {"Accept", "Content-Type", "Expect"}) {
    const bool given =
        std::any_of(request.headers.begin(), request.headers.end(),
                    [&](const auto& header) { return lower(header.first) == lower(name); });
    if (!given) list.add(std::string(name) + ":");
  }
  for (const auto& [name, value] : request.headers) {
    list.add(value.empty() ? name + ";" : name + ": " + value);
  }
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.first);
}

void set_route(CURL* handle, const Route& route, Millis limit) {
  // "" is none, whatever the process's own environment says.
  curl_easy_setopt(handle, CURLOPT_PROXY, route.proxy.c_str());
  curl_easy_setopt(handle, CURLOPT_NOPROXY, route.proxy_exceptions.c_str());
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!route.certificates.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, route.certificates.c_str());
    curl_easy_setopt(handle, CURLOPT_PROXY_CAINFO, route.certificates.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(limit.count()));
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::min(route.connect_timeout, limit).count()));
}

Error failure(CURL* handle, CURLcode code, const HttpRequest& request, const Route& route,
              const Traffic& traffic, const char* words) {
  const std::string origin = origin_of(request.url);
  std::string why = *words != '\0' ? trim(words) : curl_easy_strerror(code);
  if (traffic.too_large) why = "the answer is larger than " + format_bytes(route.largest_answer);
  if (is_permanent(code)) {
    if (code == CURLE_SSL_CACERT_BADFILE) why = "cannot read certificates: " + route.certificates;
    return permanent(ErrorCode::kProviderRefused, origin + ": " + why);
  }
  curl_off_t started = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME_T, &started);
  if (is_before_sending(code) || started == 0) {
    return transient(ErrorCode::kProviderUnavailable, "cannot reach " + origin + ": " + why);
  }
  return unknown_outcome(ErrorCode::kProviderUnavailable, "no answer from " + origin + ": " + why);
}

}  // namespace

Exchange::Exchange() {
  initialise_once();
  handle_ = curl_easy_init();
  if (handle_ != nullptr) return;
  std::fputs("rayctl: libcurl has no handle to give\n", stderr);
  std::abort();
}

Exchange::~Exchange() {
  curl_easy_cleanup(handle_);
}

Result<HttpResponse> Exchange::run(const HttpRequest& request, const Route& route, Millis limit) {
  if (const auto wrong = objection(request)) return *wrong;
  if (limit <= Millis{0}) {
    return transient(ErrorCode::kProviderUnavailable,
                     "no time is left to ask " + origin_of(request.url));
  }
  CURL* handle = handle_;
  curl_easy_reset(handle);  // options alone; connections stay
  Traffic traffic;
  traffic.unsent = request.body;
  traffic.largest = route.largest_answer;
  std::array<char, CURL_ERROR_SIZE> words{};
  HeaderList headers;
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words.data());
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &traffic);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &traffic);
  set_route(handle, route, limit);
  set_method(handle, request, traffic);
  set_headers(handle, request, headers);

  const CURLcode code = curl_easy_perform(handle);
  // Nothing of this call may be reachable from a handle that is kept.
  if (code != CURLE_OK) {
    Error error = failure(handle, code, request, route, traffic, words.data());
    curl_easy_reset(handle);
    return error;
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  traffic.response.status = static_cast<int>(status);
  curl_easy_reset(handle);
  return std::move(traffic.response);
}

}  // namespace rayctl
