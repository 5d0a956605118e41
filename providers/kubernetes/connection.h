#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "net/http_client.h"
#include "providers/kubernetes/credentials.h"

namespace rayctl::kubernetes {

/// An HTTP client for a target, as somebody.
struct Line {
  Login login;
  std::shared_ptr<HttpClient> http;
  std::shared_ptr<const HttpSettings> settings;
  /// What every request has: Authorization, Accept, User-Agent, Impersonate-...
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Has the credentials, and a client that shows their certificate: it is made anew when that
/// changes. Thread-safe.
class Connection {
 public:
  explicit Connection(LoginPlaces places);
  /// Fails as Logins::get does.
  Result<Line> line(Time deadline);
  void reject(const Login& refused) { logins_.reject(refused); }
  const Target& target() const { return target_; }

 private:
  const Target target_;
  const Environment env_;
  Clock& clock_;
  Logins logins_;
  std::mutex mutex_;
  std::shared_ptr<HttpClient> http_;
  std::shared_ptr<const HttpSettings> settings_;
};

}  // namespace rayctl::kubernetes
