#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "net/exchange.h"
#include "net/surroundings.h"

namespace rayctl {
namespace {

/// As many handles as requests were ever under way at once. One that is free is taken again, by
/// preference one that was at the same origin last and so has a connection there.
class PooledClient final : public HttpClient {
 public:
  PooledClient(HttpSettings settings, Clock& clock)
      : settings_(std::move(settings)),
        clock_(clock),
        exceptions_(proxy_exceptions(settings_.env)),
        certificates_(certificates(settings_.ca_bundle, settings_.env)) {}

  Result<HttpResponse> send(const HttpRequest& request, Time deadline) override {
    Route route;
    if (request.proxy) route.proxy = proxy_for(request.url, settings_.env);
    route.proxy_exceptions = exceptions_;
    route.certificates = certificates_;
    route.connect_timeout = settings_.connect_timeout;
    route.largest_answer = settings_.largest_answer;
    constexpr Millis kLongest{24LL * 3600 * 1000};
    const Time now = clock_.now();
    const Millis limit = deadline > now + kLongest ? kLongest : deadline - now;

    const std::size_t scheme = request.url.find("://");
    const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    std::string origin = request.url.substr(0, request.url.find('/', host));
    std::unique_ptr<Exchange> exchange = take(origin);
    Result<HttpResponse> response = exchange->run(request, route, limit);
    const std::lock_guard lock(mutex_);
    idle_.emplace_back(std::move(origin), std::move(exchange));
    return response;
  }

 private:
  std::unique_ptr<Exchange> take(const std::string& origin) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Exchange>();
    auto found = std::find_if(idle_.rbegin(), idle_.rend(),
                              [&](const auto& idle) { return idle.first == origin; });
    const auto chosen = found == idle_.rend() ? idle_.begin() : std::prev(found.base());
    std::unique_ptr<Exchange> exchange = std::move(chosen->second);
    idle_.erase(chosen);
    return exchange;
  }

  const HttpSettings settings_;
  Clock& clock_;
  const std::string exceptions_, certificates_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::unique_ptr<Exchange>>> idle_;  ///< by the last origin
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpSettings settings, Clock& clock) {
  return std::make_unique<PooledClient>(std::move(settings), clock);
}

}  // namespace rayctl
