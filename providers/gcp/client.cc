#include "providers/gcp/client.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include "net/retry_after.h"
#include "net/url_text.h"
#include "providers/gcp/credential_chain.h"
#include "providers/gcp/endpoint.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr Millis kTry{60'000};  ///< that one try may last

double system_random() {
  static std::mutex mutex;
  static std::mt19937 generator{std::random_device{}()};
  const std::lock_guard lock(mutex);
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// How a try ended that did not succeed.
struct Failure {
  Error error;
  ApiError api;
  bool settled = true;  ///< the service itself said that it did not happen
  bool again = false;
  Millis hint{0};
};

/// An answer that is a success, read; a service that has nothing to say says nothing.
Json read_answer(const HttpResponse& response) {
  if (response.body.empty() && response.status == 204) return Json::object();
  return Json::parse(response.body, nullptr, false);
}

class BearerClient final : public Client {
 public:
  explicit BearerClient(ApiSettings settings)
      : settings_(std::move(settings)),
        clock_(*settings_.clock),
        http_(settings_.http != nullptr ? settings_.http : make_http()),
        tokens_([this](Time deadline) { return look(deadline); }, clock_) {
    if (!settings_.random) settings_.random = system_random;
  }

  Reply<Json> call(const Call& call, Time deadline) override {
    const Result<HttpRequest> request = request_of(call);
    if (!request) return {request.error(), {}};
    Json answer;
    const std::optional<Failure> failure = perform(call, *request, answer, deadline);
    if (failure) return {failure->error, failure->api};
    return {std::move(answer), {}};
  }

  std::map<std::string, int> calls() const override {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  Result<Token> token(Time deadline) override { return tokens_.get(deadline); }

  Result<Project> project(const std::string& configured, Time deadline) override {
    CredentialPlaces found = places();
    return find_project(found, configured, deadline);
  }

 private:
  std::shared_ptr<HttpClient> make_http() const {
    HttpSettings http;
    http.env = settings_.env;
    const Result<std::string> bundle =
        gcloud_property(settings_.env, "core", "custom_ca_certs_file");
    if (bundle) http.ca_bundle = *bundle;
    return make_http_client(std::move(http), clock_);
  }

  CredentialPlaces places() const {
    return {settings_.env,         *http_, clock_, settings_.run, settings_.given,
            settings_.impersonate, {}};
  }

  /// The files are read anew each time: what renews credentials writes there.
  Result<Token> look(Time deadline) const {
    CredentialPlaces found = places();
    return find_token(found, deadline);
  }

  Result<HttpRequest> request_of(const Call& call) const {
    const Result<std::string> base = base_of(call.service, settings_.env);
    if (!base) return base.error();
    HttpRequest request;
    request.method = call.verb;
    request.url = *base + call.path;
    if (!call.query.empty()) request.url += "?" + form_encode(call.query);
    request.headers = {{"Accept", "application/json"}, {"User-Agent", "rayctl"}};
    if (!call.body.is_null()) {
      request.headers.emplace_back("Content-Type", "application/json");
      request.body = call.body.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    return request;
  }

  std::optional<Failure> perform(const Call& call, const HttpRequest& request, Json& answer,
                                 Time deadline) {
    bool refreshed = false, uncertain = false;
    for (int retry = 0;;) {
      const Result<Token> token = tokens_.get(deadline);
      if (!token) return Failure{.error = in_context(token.error(), call.id)};
      const Result<HttpResponse> response = send(call, request, *token, deadline);
      std::optional<Failure> failure = assess(call, *token, response, answer);
      if (!failure) return std::nullopt;
      if (!refreshed && token->expires && failure->api.status == 401) {
        refreshed = true;
        tokens_.reject(*token);
        continue;
      }
      uncertain = uncertain || failure->error.fault == Fault::kUnknown;
      // An earlier try may have been heard, and this one has settled nothing.
      if (uncertain && !failure->settled) failure->error.fault = Fault::kUnknown;
      const Millis pause =
          backoff_delay(settings_.backoff, retry, settings_.random(), failure->hint);
      if (!failure->again || ++retry >= settings_.backoff.attempts ||
          clock_.now() + pause >= deadline || !clock_.sleep(pause, settings_.stop)) {
        // What only reads has no effect that could be in doubt.
        if (call.verb == "GET" && failure->error.fault == Fault::kUnknown) {
          failure->error.fault = Fault::kTransient;
        }
        return failure;
      }
    }
  }

  Result<HttpResponse> send(const Call& call, HttpRequest request, const Token& token,
                            Time deadline) {
    request.headers.emplace_back("Authorization", "Bearer " + token.text);
    if (!token.quota_project.empty()) {
      request.headers.emplace_back("x-goog-user-project", token.quota_project);
    }
    {
      const std::lock_guard lock(mutex_);
      ++calls_[call.id];
    }
    return http_->send(request, std::min(deadline, clock_.now() + kTry));
  }

  /// Empty if the call succeeded.
  static std::optional<Failure> assess(const Call& call, const Token& token,
                                       const Result<HttpResponse>& response, Json& answer) {
    Failure failure;
    if (!response) {
      failure.error = in_context(response.error(), call.id);
      failure.settled = false;
      failure.again = response.error().fault == Fault::kTransient ||
                      (response.error().fault == Fault::kUnknown && call.repeatable);
      return failure;
    }
    if (response->status / 100 == 2) {
      answer = read_answer(*response);
      if (answer.is_object()) return std::nullopt;
      failure.error = unknown_outcome(ErrorCode::kProviderUnavailable,
                                      call.id + ": the answer is not one of Google's");
      failure.settled = false;
      failure.again = call.repeatable;
      return failure;
    }
    failure.api = parse_error(response->status, response->body);
    failure.error = error_of(call.id, failure.api);
    failure.hint = retry_after(*response);
    const ErrorClass kind = meaning_of(failure.api.reason, response->status).kind;
    failure.settled = kind != ErrorClass::kRateLimited && kind != ErrorClass::kServerFault;
    failure.again =
        kind == ErrorClass::kRateLimited || (kind == ErrorClass::kServerFault && call.repeatable);
    if (kind == ErrorClass::kBadCredentials) {
      failure.error.message += " (credentials: " + token.source + ")";
    } else if (kind == ErrorClass::kUnauthorized) {
      failure.error = in_context(failure.error, "credentials: " + token.source);
    }
    return failure;
  }

  ApiSettings settings_;
  Clock& clock_;
  const std::shared_ptr<HttpClient> http_;
  TokenCache tokens_;
  mutable std::mutex mutex_;
  std::map<std::string, int> calls_;
};

}  // namespace

std::unique_ptr<Client> make_api(ApiSettings settings) {
  return std::make_unique<BearerClient>(std::move(settings));
}

}  // namespace rayctl::gcp
