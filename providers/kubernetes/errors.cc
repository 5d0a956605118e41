#include "providers/kubernetes/errors.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "model/json_text.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::size_t kMostText = 400;
constexpr double kMostWait = 3'600;  // seconds

Millis seconds(double count) {
  if (!(count > 0)) return Millis{0};
  return Millis{static_cast<Millis::rep>(std::min(count, kMostWait) * 1000)};
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  text = trim(text);
  return text.size() > kMostText ? text.substr(0, kMostText) + "..." : text;
}

}  // namespace

ApiStatus read_status(const Json& json) {
  ApiStatus status;
  if (!json.is_object() || text_in(json, "kind") != "Status") return status;
  status.given = true;
  const auto code = json.find("code");
  if (code != json.end() && code->is_number_integer()) status.code = code->get<int>();
  status.reason = text_in(json, "reason");
  status.message = one_line(text_in(json, "message"));
  const auto details = json.find("details");
  if (details == json.end() || !details->is_object()) return status;
  const auto wait = details->find("retryAfterSeconds");
  if (wait != details->end() && wait->is_number())
    status.retry_after = seconds(wait->get<double>());
  const auto causes = details->find("causes");
  if (causes == details->end() || !causes->is_array()) return status;
  for (const Json& cause : *causes) {
    if (!cause.is_object()) continue;
    status.causes.push_back(
        {text_in(cause, "reason"), one_line(text_in(cause, "message")), text_in(cause, "field")});
  }
  return status;
}

ApiStatus read_status(const HttpResponse& response) {
  ApiStatus status = read_status(Json::parse(response.body, nullptr, false));
  status.code = response.status;
  if (!status.given) status.message = one_line(response.body);
  const auto wait = response.headers.find("retry-after");
  if (wait != response.headers.end())
    status.retry_after = seconds(std::strtod(wait->second.c_str(), nullptr));
  return status;
}

bool over_quota(const ApiStatus& status) {
  return status.code == 403 && status.message.find("exceeded quota") != std::string::npos;
}

bool lacks_right(const ApiStatus& status) {
  // As the authorizer words it; an admission plugin's refusal is a 403 as well.
  return status.code == 403 && status.message.find("User \"") != std::string::npos &&
         status.message.find("cannot") != std::string::npos;
}

bool already_exists(const ApiStatus& status) {
  return status.code == 409 && status.reason == "AlreadyExists";
}

Error error_of(const std::string& doing, const ApiStatus& status, bool harmless) {
  std::string message = doing + ": ";
  if (!status.message.empty()) {
    message += status.message;
  } else {
    message += "HTTP " + std::to_string(status.code);
    if (!status.reason.empty()) message += " " + status.reason;
  }
  for (const ApiStatus::Cause& cause : status.causes) {
    if (cause.message.empty() || message.find(cause.message) != std::string::npos) continue;
    message += "; " + (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  }
  switch (status.code) {
    case 401:
      return permanent(ErrorCode::kCredentials, message);
    case 403:
      return permanent(lacks_right(status) ? ErrorCode::kCredentials : ErrorCode::kProviderRefused,
                       message);
    case 409:
    case 410:
      return conflict(ErrorCode::kProviderRefused, message);
    case 429:
    case 503:
      return transient(ErrorCode::kProviderUnavailable, message);
    default:
      break;
  }
  if (status.code / 100 != 5) return permanent(ErrorCode::kProviderRefused, message);
  return harmless ? transient(ErrorCode::kProviderUnavailable, message)
                  : unknown_outcome(ErrorCode::kProviderUnavailable, message);
}

}  // namespace rayctl::kubernetes
