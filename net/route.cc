#include "net/route.h"

#include <algorithm>
#include <string_view>

#include "net/surroundings.h"

namespace rayctl {

Route route_for(const std::string& url, bool proxy, const HttpSettings& settings) {
  constexpr std::string_view kSocks = "socks5://";
  Route route;
  if (proxy && !settings.proxy.empty()) {
    route.proxy = settings.proxy.starts_with(kSocks)
                      ? "socks5h://" + settings.proxy.substr(kSocks.size())
                      : settings.proxy;
  } else {
    if (proxy) route.proxy = proxy_for(url, settings.env);
    route.proxy_exceptions = proxy_exceptions(settings.env);
  }
  if (settings.tls.ca.empty()) {
    route.certificates = certificates(settings.ca_bundle, settings.env);
  }
  route.tls = settings.tls;
  route.connect_timeout = settings.connect_timeout;
  route.largest_answer = settings.largest_answer;
  return route;
}

std::string origin_of(const std::string& url) {
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string whole = url.substr(0, url.find_first_of("/?#", start));
  const std::size_t user = whole.rfind('@');
  return user == std::string::npos ? whole : whole.substr(0, start) + whole.substr(user + 1);
}

Millis time_left(Time deadline, Clock& clock) {
  constexpr Millis kLongest{24LL * 3600 * 1000};
  const Time now = clock.now();
  return deadline > now + kLongest ? kLongest : deadline - now;
}

}  // namespace rayctl
