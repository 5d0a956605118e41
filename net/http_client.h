#pragma once
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
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

/// Takes a piece of a body as it comes, on the thread that waits; false: no more is wanted.
using BodySink = std::function<bool(std::string_view piece)>;

/// Why a streamed answer ended.
enum class StreamEnd {
  kDone,      ///< the other side has said all
  kSink,      ///< the sink wants no more
  kDeadline,  ///< it went on until the deadline
  kStopped,   ///< we were told to stop
  kBroken,    ///< the connection broke after the answer had begun
};

struct HttpStream {
  HttpResponse response;  ///< the body only if the status is not 2xx: the sink gets the others
  StreamEnd end = StreamEnd::kDone;
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
  /// The same for an answer that has no end, or one that must not be in memory: pieces of a 2xx go
  /// to `sink`. Fails as send() does until the answer's head is there; afterwards `end` says how it
  /// went. `stop` is heard at once, from any thread. A side that is silently gone is noticed after
  /// half a minute.
  virtual Result<HttpStream> stream(const HttpRequest& request, const BodySink& sink, Time deadline,
                                    std::stop_token stop) = 0;
};

/// What TLS is to use besides what the machine has; texts are PEM and stay in memory.
struct TlsSettings {
  std::string ca;                ///< the certificates to trust, in place of all others; "": none
  std::string certificate, key;  ///< who we are; both or neither
  std::string server_name;  ///< what the server is asked and checked for, if not the URL's host
  bool insecure = false;    ///< takes any certificate
  bool operator==(const TlsSettings&) const = default;
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
  TlsSettings tls = {};
  /// A proxy for everything, whatever `env` says: http://, https:// or socks5://, which looks up
  /// names itself.
  std::string proxy = "";
};

/// `clock` says how much time a deadline leaves, and must outlive the client.
std::unique_ptr<HttpClient> make_http_client(HttpSettings settings, Clock& clock);

}  // namespace rayctl
