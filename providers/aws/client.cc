#include "providers/aws/client.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <random>
#include <utility>

#include "net/retry_after.h"
#include "net/times.h"
#include "providers/aws/credential_chain.h"
#include "providers/aws/endpoint.h"
#include "providers/aws/errors.h"
#include "providers/aws/query_protocol.h"
#include "providers/aws/retry.h"

namespace rayctl::aws {
namespace {

constexpr Millis kTry{60'000};            ///< that one try may last
constexpr std::chrono::minutes kSkew{4};  ///< AWS refuses what is 5 minutes off, or 15

double system_random() {
  static std::mutex mutex;
  static std::mt19937 generator{std::random_device{}()};
  const std::lock_guard lock(mutex);
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// One call, ready but for its signature.
struct Call {
  std::string service, action;
  Endpoint endpoint;
  HttpRequest request;
  bool repeatable = false;
  std::function<bool(const std::string& body)> read;  ///< false: not an answer to this
};

/// How a try ended that did not succeed.
struct Failure {
  Error error;
  ApiError api;
  bool settled = true;  ///< the service itself said that it did not happen
  bool again = false;
  Millis hint{0};
};

class SigningClient final : public Client {
 public:
  explicit SigningClient(ApiSettings settings)
      : settings_(std::move(settings)),
        clock_(*settings_.clock),
        profiles_(load_profiles(settings_.env)),
        http_(settings_.http != nullptr ? settings_.http : make_http()),
        credentials_([this](Time deadline) { return look(deadline); }, clock_) {
    const Profiles profiles = profiles_ ? *profiles_ : Profiles{};
    settings_.backoff.attempts =
        configured_attempts(settings_.env, profiles, settings_.backoff.attempts);
    if (!settings_.random) settings_.random = system_random;
  }

  Reply<Answer> query(const std::string& service, const std::string& action, Params params,
                      Time deadline) override {
    Answer answer;
    Call call = call_of(service, action);
    call.repeatable = safe_to_repeat(action, params);
    call.request = query_request(service, call.endpoint, action, std::move(params));
    call.read = [&](const std::string& body) {
      answer = parse_answer(body);
      return answer != nullptr;
    };
    const std::optional<Failure> failure = perform(call, deadline);
    if (failure) return {failure->error, failure->api};
    return {answer, {}};
  }

  Reply<Json> json(const std::string& service, const std::string& target, const Json& body,
                   Time deadline) override {
    Json answer;
    Call call = call_of(service, target.substr(target.find('.') + 1));
    call.repeatable = safe_to_repeat(call.action, {});
    call.request = json_request(call.endpoint, target, body);
    call.read = [&](const std::string& text) {
      answer = Json::parse(text, nullptr, false);
      return answer.is_object();
    };
    const std::optional<Failure> failure = perform(call, deadline);
    if (failure) return {failure->error, failure->api};
    return {answer, {}};
  }

  const std::string& region() const override { return settings_.region; }

  std::map<std::string, int> calls() const override {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::shared_ptr<HttpClient> make_http() const {
    HttpSettings http;
    http.env = settings_.env;
    http.ca_bundle = configured_certificates(settings_.env, profiles_ ? *profiles_ : Profiles{});
    return make_http_client(std::move(http), clock_);
  }

  /// The files are read anew each time: what renews credentials writes there.
  Result<Credentials> look(Time deadline) {
    if (settings_.given) {
      if (settings_.given->access_key.empty() || settings_.given->secret_key.empty()) {
        return credential_error("provider.aws_credentials needs a key's id and its secret");
      }
      return Credentials{*settings_.given, std::nullopt, "provider.aws_credentials"};
    }
    Result<Profiles> profiles = load_profiles(settings_.env);
    if (!profiles) return profiles.error();
    CredentialPlaces places{settings_.env, std::move(*profiles), *http_, clock_,
                            settings_.run, settings_.region,     {}};
    return find_credentials(places, deadline);
  }

  Call call_of(const std::string& service, const std::string& action) const {
    Call call;
    call.service = service;
    call.action = action;
    if (profiles_) {
      call.endpoint = resolve_endpoint(service, settings_.region, settings_.env, *profiles_);
    }
    return call;
  }

  std::optional<Failure> perform(const Call& call, Time deadline) {
    if (!profiles_) return Failure{.error = profiles_.error()};
    bool refreshed = false, corrected = false, uncertain = false;
    for (int retry = 0;;) {
      const Result<Credentials> credentials = credentials_.get(deadline);
      if (!credentials) {
        return Failure{.error = in_context(credentials.error(), doing(call))};
      }
      Result<HttpResponse> response = send(call, *credentials, deadline);
      std::optional<Failure> failure = assess(call, *credentials, response);
      if (!failure) return std::nullopt;
      if (response && !corrected && correct_clock(*response, failure->api)) {
        corrected = true;
        continue;
      }
      if (!refreshed && is_stale(*credentials, failure->api)) {
        refreshed = true;
        credentials_.reject(*credentials);
        continue;
      }
      uncertain = uncertain || failure->error.fault == Fault::kUnknown;
      // An earlier try may have been heard, and this one has settled nothing.
      if (uncertain && !failure->settled) failure->error.fault = Fault::kUnknown;
      const Millis pause =
          backoff_delay(settings_.backoff, retry, settings_.random(), failure->hint);
      if (!failure->again || ++retry >= settings_.backoff.attempts ||
          clock_.now() + pause >= deadline || !clock_.sleep(pause, settings_.stop)) {
        return failure;
      }
    }
  }

  static std::string doing(const Call& call) { return call.service + ":" + call.action; }

  Result<HttpResponse> send(const Call& call, const Credentials& credentials, Time deadline) {
    const Time now = clock_.now();
    HttpRequest request = call.request;
    const SigningScope scope{call.endpoint.region, call.service};
    for (auto& header : sign(request, credentials.key, scope, now + offset_.load())) {
      request.headers.push_back(std::move(header));
    }
    request.headers.emplace_back("User-Agent", "rayctl");  // unsigned: a proxy may change it
    {
      const std::lock_guard lock(mutex_);
      ++calls_[call.action];
    }
    return http_->send(request, std::min(deadline, now + kTry));
  }

  /// Empty if the call succeeded.
  static std::optional<Failure> assess(const Call& call, const Credentials& credentials,
                                       const Result<HttpResponse>& response) {
    Failure failure;
    if (!response) {
      failure.error = in_context(response.error(), doing(call));
      failure.settled = false;
      failure.again = response.error().fault == Fault::kTransient ||
                      (response.error().fault == Fault::kUnknown && call.repeatable);
      return failure;
    }
    if (response->status / 100 == 2) {
      if (call.read(response->body)) return std::nullopt;
      failure.error = unknown_outcome(ErrorCode::kProviderUnavailable,
                                      doing(call) + ": the answer is not one of AWS's");
      failure.settled = false;
      failure.again = call.repeatable;
      return failure;
    }
    failure.api = parse_error(*response);
    failure.error = error_of(doing(call), failure.api, request_id(*response));
    failure.hint = retry_after(*response);
    const ErrorClass kind = meaning_of(failure.api.code, response->status).kind;
    failure.settled = kind != ErrorClass::kThrottled && kind != ErrorClass::kServerFault;
    failure.again =
        kind == ErrorClass::kThrottled || (kind == ErrorClass::kServerFault && call.repeatable);
    if (kind == ErrorClass::kBadCredentials || kind == ErrorClass::kExpired) {
      failure.error.message += " (credentials: " + credentials.source + ")";
    }
    return failure;
  }

  /// Whether a refusal may be of credentials that can be had anew.
  static bool is_stale(const Credentials& credentials, const ApiError& api) {
    if (api.code.empty()) return false;
    const ErrorClass kind = meaning_of(api.code, api.status).kind;
    return kind == ErrorClass::kExpired ||
           (kind == ErrorClass::kBadCredentials && credentials.expires.has_value());
  }

  /// Goes by the service's clock from now on if a refusal may be for ours being wrong.
  bool correct_clock(const HttpResponse& response, const ApiError& api) {
    const ErrorClass kind = meaning_of(api.code, api.status).kind;
    const auto date = response.headers.find("date");
    if ((kind != ErrorClass::kExpired && kind != ErrorClass::kBadCredentials) ||
        date == response.headers.end()) {
      return false;
    }
    const std::optional<Time> theirs = parse_http_date(date->second);
    if (!theirs) return false;
    const Millis off = *theirs - clock_.now();
    const Millis changed = off - offset_.load();
    if (changed < kSkew && changed > -kSkew) return false;
    offset_ = off;
    return true;
  }

  ApiSettings settings_;
  Clock& clock_;
  const Result<Profiles> profiles_;
  const std::shared_ptr<HttpClient> http_;
  CredentialCache credentials_;
  std::atomic<Millis> offset_{Millis{0}};  ///< of AWS's clock to ours
  mutable std::mutex mutex_;
  std::map<std::string, int> calls_;
};

}  // namespace

std::unique_ptr<Client> make_api(ApiSettings settings) {
  return std::make_unique<SigningClient>(std::move(settings));
}

}  // namespace rayctl::aws
