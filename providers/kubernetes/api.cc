#include "providers/kubernetes/api.h"

#include <algorithm>
#include <mutex>
#include <random>

#include "providers/kubernetes/connection.h"
#include "providers/kubernetes/tries.h"
#include "providers/kubernetes/watch.h"

namespace rayctl::kubernetes {
namespace {

constexpr char kPage[] = "500";
constexpr int kMostListings = 4;  ///< of one collection that is forgotten meanwhile

double system_random() {
  static std::mutex mutex;
  static std::mt19937 generator{std::random_device{}()};
  const std::lock_guard lock(mutex);
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

bool reads(const std::string& method) {
  return method == "GET" || method == "HEAD";
}

ApiAnswer answer_of(HttpResponse response) {
  ApiAnswer answer;
  answer.status = response.status;
  if (response.status / 100 != 2) answer.failed = read_status(response);
  answer.body = Json::parse(response.body, nullptr, false);
  if (answer.body.is_discarded()) {
    answer.body = nullptr;
    answer.text = std::move(response.body);
  }
  return answer;
}

class HttpApi final : public Api {
 public:
  explicit HttpApi(ApiSettings settings)
      : clock_(*settings.clock),
        connection_({std::move(settings.target), std::move(settings.env), std::move(settings.run),
                     settings.clock}),
        rules_{settings.clock, settings.backoff,
               settings.random ? std::move(settings.random) : system_random, settings.stop} {}

  const Target& target() const override { return connection_.target(); }

  Result<ApiAnswer> call(const ApiCall& call, Time deadline) override {
    Asking asking = asking_of(call);
    asking.send = [&](const Line& line, Time until) {
      return line.http->send(request_of(call, line), until);
    };
    Result<HttpResponse> response = ask(connection_, asking, rules_, deadline);
    if (!response) return response.error();
    return answer_of(std::move(*response));
  }

  Result<ApiList> list(const std::string& path, const Query& query, Time deadline) override {
    ApiList all;
    std::string next;
    for (int listings = 1;;) {
      ApiCall page{.path = path, .query = query};
      page.query.emplace_back("limit", kPage);
      if (!next.empty()) {
        page.query.emplace_back("continue", next);
        if (listings < kMostListings) page.expected = {410};
      }
      Result<ApiAnswer> answer = call(page, deadline);
      if (!answer) return answer.error();
      if (answer->status == 410) {
        ++listings;
        all = {};
        next.clear();
        continue;
      }
      Json& body = answer->body;
      if (!body.is_object() || !body.contains("items")) {
        return unknown_outcome(ErrorCode::kProviderUnavailable,
                               doing_of("GET", path, {}) + ": the answer is not a list");
      }
      for (Json& item : body["items"])
        all.items.push_back(std::move(item));
      const Json facts = body.value("metadata", Json::object());
      all.resource_version = facts.value("resourceVersion", "");
      next = facts.value("continue", "");
      if (next.empty()) return all;
    }
  }

  Result<Watched> watch(const std::string& path, const Query& query,
                        const std::string& resource_version,
                        const std::function<bool(const WatchEvent&)>& sink, Time deadline,
                        std::stop_token stop) override {
    WatchState state(resource_version, sink);
    TryRules rules = rules_;
    if (stop.stop_possible()) rules.stop = stop;
    for (int idle = 0;;) {
      ApiCall call{.path = path, .query = state.query(query), .expected = {410}};
      Asking asking = asking_of(call);
      StreamEnd end = StreamEnd::kDone;
      asking.send = [&](const Line& line, Time) -> Result<HttpResponse> {
        Result<HttpStream> stream = line.http->stream(
            request_of(call, line), [&](std::string_view piece) { return state.take(piece); },
            deadline, stop);
        if (!stream) return stream.error();
        end = stream->end;
        state.finish();
        if (end == StreamEnd::kStopped) stream->response.status = 200;
        return std::move(stream->response);
      };
      const int before = state.heard();
      if (stop.stop_requested()) return state.result(WatchEnd::kStopped);
      if (clock_.now() >= deadline) return state.result(WatchEnd::kDeadline);
      const Result<HttpResponse> response = ask(connection_, asking, rules, deadline);
      if (!response) {
        if (stop.stop_requested()) return state.result(WatchEnd::kStopped);
        if (clock_.now() >= deadline) return state.result(WatchEnd::kDeadline);
        return response.error();
      }
      if (response->status == 410 || state.expired()) return state.result(WatchEnd::kExpired);
      if (state.enough() || end == StreamEnd::kStopped) return state.result(WatchEnd::kStopped);
      if (end == StreamEnd::kDeadline) return state.result(WatchEnd::kDeadline);
      idle = state.heard() > before ? 0 : idle + 1;
      const Millis pause = backoff_delay(rules_.backoff, idle, rules_.random(), Millis{0});
      const Millis left = std::max(Millis{0}, Millis(deadline - clock_.now()));
      clock_.sleep(std::min(pause, left), stop);
    }
  }

  Result<ApiSocket> open(const ApiCall& call, const std::string& protocol, Time deadline) override {
    std::unique_ptr<WebSocket> socket;
    Asking asking = asking_of(call);
    asking.repeatable = false;
    asking.inert = true;
    asking.send = [&](const Line& line, Time until) -> Result<HttpResponse> {
      HttpRequest request = request_of(call, line);
      // kubelet, which gets the request as it is, answers 406 to a wish for JSON.
      for (auto& [name, value] : request.headers) {
        if (name == "Accept") value = "*/*";
      }
      Result<WebSocket::Opened> opened =
          open_web_socket({.url = request.url, .headers = request.headers, .protocol = protocol},
                          *line.settings, clock_, until);
      if (!opened) return opened.error();
      socket = std::move(opened->socket);
      HttpResponse answer = std::move(opened->refusal);
      const bool wordless = !socket && answer.status != 429 && answer.status != 503;
      if (!wordless) return answer;
      // A refusal comes without its words: asked for no WebSocket, the server says the same.
      const Result<HttpResponse> again = line.http->send(request, until);
      if (again && again->status == answer.status) return again;
      return answer;
    };
    Result<HttpResponse> response = ask(connection_, asking, rules_, deadline);
    if (!response) return response.error();
    if (socket) return ApiSocket{std::move(socket), {}};
    return ApiSocket{nullptr, answer_of(std::move(*response))};
  }

 private:
  static Asking asking_of(const ApiCall& call) {
    return {doing_of(call.method, call.path, call.query),
            call.expected,
            call.repeatable || reads(call.method),
            false,
            {}};
  }

  HttpRequest request_of(const ApiCall& call, const Line& line) const {
    HttpRequest request;
    request.method = call.method;
    request.url = target().cluster.server + target_of(call.path, call.query);
    request.headers = line.headers;
    if (!call.body.is_null()) {
      request.headers.emplace_back("Content-Type", call.content_type);
      request.body = call.body.dump();
    }
    return request;
  }

  Clock& clock_;
  Connection connection_;
  const TryRules rules_;
};

}  // namespace

std::unique_ptr<Api> make_api(ApiSettings settings) {
  return std::make_unique<HttpApi>(std::move(settings));
}

}  // namespace rayctl::kubernetes
