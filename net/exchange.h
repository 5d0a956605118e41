#pragma once
#include <string>

#include "net/http_client.h"

namespace rayctl {

/// How an exchange goes out; what HttpSettings says, worked out for one URL.
struct Route {
  std::string proxy;             ///< "" for none
  std::string proxy_exceptions;  ///< hosts that no proxy is used for
  std::string certificates;      ///< a file; "" for the library's own place
  Millis connect_timeout{5'000};
  std::size_t largest_answer = 0;
};

/// A libcurl handle: it keeps its connections. For one thread at a time.
class Exchange {
 public:
  Exchange();
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// Sends and waits for at most `limit`; fails as HttpClient::send does.
  Result<HttpResponse> run(const HttpRequest& request, const Route& route, Millis limit);

 private:
  void* handle_;  ///< a CURL*
};

}  // namespace rayctl
