#include "net/http_client.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "net/exchange.h"
#include "net/route.h"

namespace rayctl {
namespace {

/// As many handles as requests were ever under way at once. One that is free is taken again, by
/// preference one that was at the same origin last and so has a connection there.
class PooledClient final : public HttpClient {
  template <class Use>
  auto with_exchange(const HttpRequest& request, const Use& use) {
    const Route route = route_for(request.url, request.proxy, settings_);
    std::string origin = origin_of(request.url);
    std::unique_ptr<Exchange> exchange = take(origin);
    auto response = use(*exchange, route);
    const std::lock_guard lock(mutex_);
    idle_.emplace_back(std::move(origin), std::move(exchange));
    return response;
  }

 public:
  PooledClient(HttpSettings settings, Clock& clock)
      : settings_(std::move(settings)), clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request, Time deadline) override {
    return with_exchange(request, [&](Exchange& exchange, const Route& route) {
      return exchange.run(request, route, time_left(deadline, clock_));
    });
  }

  Result<HttpStream> stream(const HttpRequest& request, const BodySink& sink, Time deadline,
                            std::stop_token stop) override {
    return with_exchange(request, [&](Exchange& exchange, const Route& route) {
      return exchange.stream(request, route, time_left(deadline, clock_), sink, stop);
    });
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
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::unique_ptr<Exchange>>> idle_;  ///< by the last origin
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpSettings settings, Clock& clock) {
  return std::make_unique<PooledClient>(std::move(settings), clock);
}

}  // namespace rayctl
