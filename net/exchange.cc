#include "net/exchange.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "net/curl_handle.h"

namespace rayctl {
namespace {

/// What goes out and what has come in.
struct Traffic {
  CURL* handle = nullptr;
  std::string_view unsent;
  std::size_t largest = 0;
  const BodySink* sink = nullptr;  ///< of the body of a 2xx
  HttpResponse response;
  bool begun = false;  ///< the answer's head is there
  bool too_large = false, enough = false;
};

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::size_t bytes = std::min(size * count, traffic->unsent.size());
  std::memcpy(into, traffic->unsent.data(), bytes);
  traffic->unsent.remove_prefix(bytes);
  return bytes;
}

int status_of(CURL* handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return static_cast<int>(status);
}

std::size_t take_body(char* from, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::size_t bytes = size * count;
  if (traffic->sink != nullptr && status_of(traffic->handle) / 100 == 2) {
    traffic->enough = !(*traffic->sink)({from, bytes});
    return traffic->enough ? CURL_WRITEFUNC_ERROR : bytes;
  }
  traffic->too_large = traffic->response.body.size() + bytes > traffic->largest;
  if (traffic->too_large) return CURL_WRITEFUNC_ERROR;
  traffic->response.body.append(from, bytes);
  return bytes;
}

std::size_t take_header(char* from, std::size_t size, std::size_t count, void* traffic_pointer) {
  auto* traffic = static_cast<Traffic*>(traffic_pointer);
  const std::string_view line(from, size * count);
  take_header_line(line, traffic->response);
  if (trim(line).empty() && status_of(traffic->handle) / 100 != 1) traffic->begun = true;
  return line.size();
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

std::optional<Error> refusal(const HttpRequest& request, Millis limit) {
  if (std::string wrong = objection(request.method, request.url, request.headers); !wrong.empty())
    return permanent(ErrorCode::kProviderRefused, std::move(wrong));
  if (limit > Millis{0}) return std::nullopt;
  return transient(ErrorCode::kProviderUnavailable,
                   "no time is left to ask " + origin_of(request.url));
}

void prepare(CURL* handle, const HttpRequest& request, const Route& route, Millis limit,
             Traffic& traffic, CurlParts& parts) {
  curl_easy_reset(handle);  // options alone; connections stay
  traffic.handle = handle;
  traffic.unsent = request.body;
  traffic.largest = route.largest_answer;
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &traffic);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &traffic);
  set_route(handle, request.url, route, limit, parts);
  set_method(handle, request, traffic);
  set_headers(handle, request.headers, parts);
}

Error failure(CURL* handle, CURLcode code, const HttpRequest& request, const Route& route,
              const Traffic& traffic, const CurlParts& parts) {
  std::string why;
  if (traffic.too_large) why = "the answer is larger than " + format_bytes(route.largest_answer);
  return curl_failure(handle, code, request.url, route, parts, std::move(why));
}

/// A transfer that can be interrupted from another thread.
class Interruptible {
 public:
  explicit Interruptible(CURL* handle) : handle_(handle), multi_(curl_multi_init()) {
    curl_multi_add_handle(multi_, handle_);
  }
  ~Interruptible() {
    curl_multi_remove_handle(multi_, handle_);
    curl_multi_cleanup(multi_);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  /// How it ended; nothing if it was told to stop.
  std::optional<CURLcode> run(const std::stop_token& stop) {
    constexpr int kLook = 1'000;  // milliseconds; libcurl's own limits are looked at as well
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
    for (int running = 1; !stop.stop_requested();) {
      if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_FAILED_INIT;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
      }
      if (running == 0) return CURLE_FAILED_INIT;
      curl_multi_poll(multi_, nullptr, 0, kLook, nullptr);
    }
    return std::nullopt;
  }

 private:
  CURL* handle_;
  CURLM* multi_;
};

}  // namespace

Exchange::Exchange() : handle_(new_curl_handle()) {}

Exchange::~Exchange() {
  curl_easy_cleanup(handle_);
}

void Exchange::renew() {
  curl_easy_cleanup(handle_);
  handle_ = new_curl_handle();
}

Result<HttpResponse> Exchange::run(const HttpRequest& request, const Route& route, Millis limit) {
  if (auto wrong = refusal(request, limit)) return std::move(*wrong);
  Traffic traffic;
  CurlParts parts;
  prepare(handle_, request, route, limit, traffic, parts);
  const CURLcode code = curl_easy_perform(handle_);
  // Nothing of this call may be reachable from a handle that is kept.
  if (code != CURLE_OK) {
    Error error = failure(handle_, code, request, route, traffic, parts);
    renew();
    return error;
  }
  traffic.response.status = status_of(handle_);
  curl_easy_reset(handle_);
  return std::move(traffic.response);
}

Result<HttpStream> Exchange::stream(const HttpRequest& request, const Route& route, Millis limit,
                                    const BodySink& sink, const std::stop_token& stop) {
  if (auto wrong = refusal(request, limit)) return std::move(*wrong);
  Traffic traffic;
  CurlParts parts;
  prepare(handle_, request, route, limit, traffic, parts);
  traffic.sink = &sink;
  // Seconds: a peer that says nothing for 15 is asked every 5, three times.
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPIDLE, 15L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPINTVL, 5L);
  curl_easy_setopt(handle_, CURLOPT_TCP_KEEPCNT, 3L);
  std::optional<CURLcode> code;
  {
    Interruptible transfer(handle_);
    code = transfer.run(stop);
  }
  HttpStream answer;
  const bool in_vain = code && *code != CURLE_OK && !traffic.begun;
  if (!code) {
    answer.end = StreamEnd::kStopped;
  } else if (in_vain) {
    Error error = failure(handle_, *code, request, route, traffic, parts);
    renew();
    return error;
  } else if (*code != CURLE_OK) {
    answer.end = traffic.enough                      ? StreamEnd::kSink
                 : *code == CURLE_OPERATION_TIMEDOUT ? StreamEnd::kDeadline
                                                     : StreamEnd::kBroken;
  }
  traffic.response.status = status_of(handle_);
  curl_easy_reset(handle_);
  answer.response = std::move(traffic.response);
  return answer;
}

}  // namespace rayctl
