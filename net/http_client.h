#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// A request. Headers go out as they are given; besides them only Host and Content-Length do.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://; sent as it stands, not normalised
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool proxy = true;  ///< false: never through a proxy (a metadata service of the machine)
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string>
      headers;  ///< names in lower case; of two with one name the last
  std::string body;
};

/// Sends requests, one after the other on a connection that is kept. Thread-safe: calls from
/// several threads go out at the same time, each on a connection of its own.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// Any answer is a response, whatever its status; redirects are not followed. kTransient if the
  /// request was not sent (no such host, refused, TLS, no time left), kUnknown if it may have been:
  /// the answer was lost, cut, too large or is late. kPermanent if it never can be sent: malformed,
  /// or the other side's certificate is not to be trusted. A body is sent at most once.
  virtual Result<HttpResponse> send(const HttpRequest& request, Time deadline) = 0;
};

struct HttpSettings {
  /// A file of certificates in place of the system's; "" for what SSL_CERT_FILE in `env` names, or
  /// else the file where this distribution keeps them.
  std::string ca_bundle;
  Millis connect_timeout{5'000};
  std::size_t largest_answer = 256u << 20;  ///< bytes; more is kUnknown
  /// Proxies by the usual variables, read here so that tests need no process of their own:
  /// https_proxy, HTTPS_PROXY, http_proxy, all_proxy, ALL_PROXY, no_proxy, NO_PROXY.
  std::map<std::string, std::string> env;
};

/// `clock` says how much time a deadline leaves, and must outlive the client.
std::unique_ptr<HttpClient> make_http_client(HttpSettings settings, Clock& clock);

}  // namespace rayctl
