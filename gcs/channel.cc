#include "gcs/channel.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

namespace rayctl {
namespace {

// Ray's own limit (max_grpc_message_size); gRPC's default of 4 MB is a few thousand nodes.
constexpr int kMostBytes = 512 * 1024 * 1024;
// Later deadlines would overflow the nanoseconds that gRPC counts in.
constexpr Time kLatest{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

void silence_grpc() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) {
      gpr_set_log_function([](gpr_log_func_args*) {});
    }
  });
}

// gRPC's reasons are chains, "failed to connect to all addresses; last error: ...: Connection
// refused"; the last link is what a person can use.
std::string last_link(const std::string& chain) {
  const std::size_t colon = chain.rfind(": ");
  return colon == std::string::npos ? chain : chain.substr(colon + 2);
}

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint) {
  silence_grpc();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMostBytes);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

void prepare_call(grpc::ClientContext& context, const std::string& token, Time deadline) {
  context.set_deadline(std::chrono::system_clock::time_point{std::min(deadline, kLatest)});
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
}

bool sendable_token(const std::string& token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Error to_error(const grpc::Status& status, const std::string& endpoint) {
  const std::string at = "Ray at " + endpoint;
  const std::string& said = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return transient(ErrorCode::kRayUnreachable, at + " does not answer: " + last_link(said));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return transient(ErrorCode::kRayUnreachable, at + " did not answer in time");
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return permanent(ErrorCode::kRayRefused, at + " refused the token: " + said);
    case grpc::StatusCode::UNIMPLEMENTED:
      return permanent(ErrorCode::kNotSupported, at + " is too old for this, or is not Ray");
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return permanent(ErrorCode::kRayRefused, at + " refused: " + said);
    default:
      return unknown_outcome(
          ErrorCode::kRayUnreachable,
          at + " failed (gRPC " + std::to_string(status.error_code()) + "): " + said);
  }
}

}  // namespace rayctl
