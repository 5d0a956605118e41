#include "providers/gcp/operations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/text.h"
#include "net/url_text.h"
#include "providers/gcp/errors.h"
#include "providers/gcp/instances.h"

namespace rayctl::gcp {
namespace {

// The service answers a wait after two minutes at the latest.
constexpr Millis kOneWait{150'000};
// Where a wait answers at once and nothing has ended.
constexpr Millis kPause{250};
constexpr Millis kLongestPause{5'000};

/// An operation's `error`: {"errors": [{"code", "message", "errorDetails"}]}.
ApiError error_in(const Json& json) {
  ApiError error;
  const auto said = json.find("error");
  const bool failed = said != json.end() && said->is_object();
  if (!failed && json.value("httpErrorStatusCode", 0) == 0) return error;
  error.status = json.value("httpErrorStatusCode", 0);
  std::vector<std::string> messages;
  const Json errors = failed ? said->value("errors", Json::array()) : Json::array();
  for (const Json& each : errors) {
    const std::string code = precise_reason(each.value("code", ""), each.value("message", ""));
    if (error.reason.empty()) error.reason = code;
    const std::string message = each.value("message", "");
    if (!message.empty())
      messages.push_back(code == error.reason ? message : code + ": " + message);
  }
  if (error.reason.empty()) error.reason = "UNKNOWN";
  if (messages.empty()) messages.push_back(json.value("httpErrorMessage", ""));
  error.message = join(messages, "; ");
  std::replace(error.message.begin(), error.message.end(), '\n', ' ');
  return error;
}

std::string path_of(const std::string& project, const Operation& operation) {
  std::string scope = "global";
  if (!operation.region.empty()) scope = "regions/" + percent_encode(operation.region);
  if (!operation.zone.empty()) scope = "zones/" + percent_encode(operation.zone);
  return "projects/" + percent_encode(project) + "/" + scope + "/operations/" +
         percent_encode(operation.name);
}

std::string method_of(const Operation& operation) {
  if (!operation.zone.empty()) return "compute.zoneOperations.wait";
  return operation.region.empty() ? "compute.globalOperations.wait"
                                  : "compute.regionOperations.wait";
}

}  // namespace

Operation parse_operation(const Json& json) {
  Operation operation{.name = json.value("name", ""),
                      .zone = last_part(json.value("zone", "")),
                      .region = last_part(json.value("region", "")),
                      .done = json.value("status", "") == "DONE"};
  if (operation.done) operation.error = error_in(json);
  return operation;
}

Reply<Operation> end_of(Api& api, Clock& clock, const std::string& project, Operation operation,
                        Time deadline) {
  const Time begun = clock.now();
  Millis pause = kPause;
  while (!operation.done) {
    const Time now = clock.now();
    if (now >= deadline) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun).count();
      return {unknown_outcome(ErrorCode::kProviderUnavailable, "the operation " + operation.name +
                                                                   " has not ended after " +
                                                                   std::to_string(seconds) + " s"),
              {}};
    }
    const Reply<Json> answer = api.call({.id = method_of(operation),
                                         .verb = "POST",
                                         .path = path_of(project, operation) + "/wait",
                                         .repeatable = true},
                                        std::min(deadline, now + kOneWait));
    if (!answer && answer.value.error().fault != Fault::kUnknown) {
      Error error = answer.value.error();
      // What the operation does goes on, whatever we may see of it.
      error.fault = Fault::kUnknown;
      return {std::move(error), answer.api};
    }
    if (answer) operation = parse_operation(*answer);
    if (operation.done || clock.now() - now >= pause) continue;
    clock.sleep(pause, {});
    pause = std::min(pause * 2, kLongestPause);
  }
  return {std::move(operation), {}};
}

Reply<Operation> wait_for(Api& api, Clock& clock, const std::string& project, Operation operation,
                          Time deadline) {
  Reply<Operation> end = end_of(api, clock, project, std::move(operation), deadline);
  if (!end || !end->failed()) return end;
  const ApiError error = end->error;
  return {error_of("the operation", error), error};
}

Reply<Operation> call_and_wait(Api& api, Clock& clock, const std::string& project, const Call& call,
                               Time deadline) {
  const Reply<Json> begun = api.call(call, deadline);
  if (!begun) return {begun.value.error(), begun.api};
  Reply<Operation> end = wait_for(api, clock, project, parse_operation(*begun), deadline);
  if (end || end.api.reason.empty()) return end;
  if (end.value.error().fault != Fault::kUnknown) end.value = error_of(call.id, end.api);
  return end;
}

std::string request_id(const std::string& text) {
  std::string hex = sha256_hex(text).substr(0, 32);
  hex[12] = '4';  // a random one, RFC 9562
  hex[16] = '8';
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

}  // namespace rayctl::gcp
