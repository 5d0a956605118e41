#pragma once
#include <stop_token>

#include "net/http_client.h"
#include "net/route.h"

namespace rayctl {

/// A libcurl handle: it keeps its connections. For one thread at a time.
class Exchange {
 public:
  Exchange();
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  /// Sends and waits for at most `limit`; fails as HttpClient::send does.
  Result<HttpResponse> run(const HttpRequest& request, const Route& route, Millis limit);
  /// As HttpClient::stream.
  Result<HttpStream> stream(const HttpRequest& request, const Route& route, Millis limit,
                            const BodySink& sink, const std::stop_token& stop);

 private:
  /// After a failure: a handle that could not rewind a body fails ever after, reset or not
  /// (libcurl 8.14).
  void renew();

  void* handle_;  ///< a CURL*
};

}  // namespace rayctl
