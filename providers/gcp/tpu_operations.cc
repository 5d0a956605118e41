#include "providers/gcp/tpu_operations.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

constexpr Millis kPause{1'000};
constexpr Millis kLongestPause{8'000};

struct Code {
  std::string_view name;
  int status;
};
// google.rpc.Code from 1 on, and the HTTP status of each.
constexpr std::array kCodes = {
    Code{"CANCELLED", 499},
    Code{"UNKNOWN", 500},
    Code{"INVALID_ARGUMENT", 400},
    Code{"DEADLINE_EXCEEDED", 504},
    Code{"NOT_FOUND", 404},
    Code{"ALREADY_EXISTS", 409},
    Code{"PERMISSION_DENIED", 403},
    Code{"RESOURCE_EXHAUSTED", 429},
    Code{"FAILED_PRECONDITION", 400},
    Code{"ABORTED", 409},
    Code{"OUT_OF_RANGE", 400},
    Code{"UNIMPLEMENTED", 501},
    Code{"INTERNAL", 500},
    Code{"UNAVAILABLE", 503},
    Code{"DATA_LOSS", 500},
    Code{"UNAUTHENTICATED", 401},
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

ApiError error_in(const Json& status) {
  const int code = status.value("code", 2);
  const bool known = code >= 1 && code <= static_cast<int>(kCodes.size());
  const Code& row = kCodes[known ? static_cast<std::size_t>(code - 1) : 1];
  ApiError error{.status = row.status,
                 .reason = std::string(row.name),
                 .message = status.value("message", "")};
  std::replace(error.message.begin(), error.message.end(), '\n', ' ');
  return tpu_error(std::move(error));
}

/// Whether the node is being changed by an operation that has not ended.
bool is_busy(const Reply<Json>& answer) {
  if (answer || answer.api.status == 0) return false;
  return lower(answer.api.message).find("unable to queue the operation") != std::string::npos;
}

}  // namespace

Call tpu_call(const char* method, const char* verb, std::string path) {
  return {.id = std::string("tpu.projects.locations.nodes.") + method,
          .verb = verb,
          .service = Service::kTpu,
          .path = std::move(path),
          .repeatable = true};
}

ApiError tpu_error(ApiError error) {
  if (error.reason != "RESOURCE_EXHAUSTED") return error;
  const std::string message = lower(error.message);
  const auto says = [&](std::string_view word) { return message.find(word) != std::string::npos; };
  if (says("capacity") || says("stockout")) {
    error.reason = "STOCKOUT";
  } else if (says("quota") && !says("per minute")) {
    error.reason = "QUOTA_EXCEEDED";
  }
  return error;
}

TpuOperation parse_tpu_operation(const Json& json) {
  TpuOperation operation{.name = json.value("name", ""), .done = json.value("done", false)};
  const auto error = json.find("error");
  if (error != json.end() && error->is_object()) {
    operation.done = true;
    operation.error = error_in(*error);
  }
  return operation;
}

Reply<TpuOperation> begin_tpu_operation(Api& api, Clock& clock, const Call& call, Time deadline) {
  Millis pause = kPause;
  for (;;) {
    const Reply<Json> answer = api.call(call, deadline);
    if (answer) return {parse_tpu_operation(*answer), {}};
    if (is_busy(answer) && clock.now() + pause < deadline && clock.sleep(pause, {})) {
      pause = std::min(pause * 2, kLongestPause);
      continue;
    }
    ApiError said = tpu_error(answer.api);
    if (said.reason == answer.api.reason) return {answer.value.error(), answer.api};
    return {error_of(call.id, said), std::move(said)};
  }
}

Reply<TpuOperation> wait_for_tpu(Api& api, Clock& clock, const std::string& doing,
                                 TpuOperation operation, Time deadline) {
  const Time begun = clock.now();
  Millis pause = kPause;
  while (!operation.done) {
    const Time now = clock.now();
    if (now + pause >= deadline) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - begun).count();
      return {unknown_outcome(ErrorCode::kProviderUnavailable,
                              doing + " has not ended after " + std::to_string(seconds) + " s"),
              {}};
    }
    clock.sleep(pause, {});
    pause = std::min(pause * 2, kLongestPause);
    const Reply<Json> answer = api.call({.id = "tpu.projects.locations.operations.get",
                                         .service = Service::kTpu,
                                         .path = operation.name,
                                         .repeatable = true},
                                        deadline);
    if (answer) {
      operation = parse_tpu_operation(*answer);
    } else if (answer.value.error().fault != Fault::kUnknown) {
      // What the operation does goes on, whatever we may see of it.
      Error error = answer.value.error();
      error.fault = Fault::kUnknown;
      return {std::move(error), answer.api};
    }
  }
  if (!operation.failed()) return {std::move(operation), {}};
  return {error_of(doing, operation.error), operation.error};
}

}  // namespace rayctl::gcp
