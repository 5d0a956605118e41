#pragma once
#include <string>

#include "net/http_client.h"

namespace rayctl {

/// How an exchange goes out; what HttpSettings says, worked out for one URL.
struct Route {
  std::string proxy;             ///< "" for none
  std::string proxy_exceptions;  ///< hosts that no proxy is used for
  std::string certificates;      ///< a file; "" for the library's own place
  TlsSettings tls;
  Millis connect_timeout{5'000};
  std::size_t largest_answer = 0;
};

/// `proxy`: whether one may be used.
Route route_for(const std::string& url, bool proxy, const HttpSettings& settings);

/// Scheme, host and port, without user and password: nothing after it belongs into a message.
std::string origin_of(const std::string& url);

/// What a deadline leaves, at most a day.
Millis time_left(Time deadline, Clock& clock);

}  // namespace rayctl
