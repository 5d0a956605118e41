#pragma once
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace rayctl {

/// A channel to a Ray control service: plain HTTP/2 as Ray listens, no proxy whatever the
/// environment says (the endpoint is a loopback or a forward), Ray's own message limit, and
/// reconnects about once a second, so that a caller who waits for a head sees it soon. Connects
/// at the first call. The first channel of the process silences gRPC's own log, unless
/// GRPC_VERBOSITY is set.
std::shared_ptr<grpc::Channel> open_channel(const std::string& endpoint);

/// Sets the deadline, and the token unless it is "".
void prepare_call(grpc::ClientContext& context, const std::string& token, Time deadline);

/// True if gRPC accepts `token` as a metadata value; it aborts the program on any other.
bool sendable_token(const std::string& token);

/// What a status that is not OK means (RayCluster's promise). `endpoint` is for the message.
Error to_error(const grpc::Status& status, const std::string& endpoint);

}  // namespace rayctl
