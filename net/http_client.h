#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://; sent as it stands, not normalised
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool proxy = true;  ///< false: never through a proxy (a metadata service of the machine)
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case; of two with one name the last
  std::string body;
};

/// Sends requests, one after the other on a connection that is kept. Thread-safe.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any answer is a response, whatever its status. kTransient if the request was not sent (no such
  /// host, refused, TLS), kUnknown if it may have been: the answer was lost, cut or is late.
  virtual Result<HttpResponse> send(const HttpRequest& request, Time deadline) = 0;
};

struct HttpSettings {
  std::string ca_bundle;  ///< a file of certificates in place of the system's; "" for those
  Millis connect_timeout{5'000};
  std::size_t largest_answer = 256u << 20;  ///< bytes; more is kUnknown
  /// Proxies by the usual variables, read here so that tests need no process of their own:
  /// https_proxy, HTTPS_PROXY, http_proxy, no_proxy, NO_PROXY.
  std::map<std::string, std::string> env;
};

std::unique_ptr<HttpClient> make_http_client(HttpSettings settings, Clock& clock);

}  // namespace rayctl
