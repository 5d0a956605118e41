#include "gcs/ray_cluster.h"

#include <mutex>
#include <utility>

#include "gcs/channel.h"
#include "gcs/node_view.h"
#include "ray_autoscaler.grpc.pb.h"
#include "ray_gcs.grpc.pb.h"

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

class GrpcRayCluster final : public RayCluster {
 public:
  GrpcRayCluster(std::string endpoint, std::string token)
      : endpoint_(std::move(endpoint)), token_(std::move(token)) {}

  Result<RayView> view(Time deadline) override {
    const auto reply =
        call<autoscaler::AutoscalerStateService, autoscaler::GetClusterResourceStateReply>(
            &autoscaler::AutoscalerStateService::Stub::GetClusterResourceState,
            autoscaler::GetClusterResourceStateRequest{}, deadline);
    if (!reply) return reply.error();
    return to_view(reply->cluster_resource_state());
  }

  Result<DrainAnswer> drain(const std::string& node_id, DrainReason reason,
                            const std::string& message, Time finish_by, Time deadline) override {
    autoscaler::DrainNodeRequest request;
    request.set_node_id(from_hex(node_id));
    if (request.node_id().empty()) {
      return permanent(ErrorCode::kNoSuchNode, "'" + node_id + "' is not the id of a Ray node");
    }
    request.set_reason(static_cast<autoscaler::DrainNodeReason>(reason));
    request.set_reason_message(message);
    request.set_deadline_timestamp_ms(finish_by.time_since_epoch().count());
    const auto reply = call<autoscaler::AutoscalerStateService, autoscaler::DrainNodeReply>(
        &autoscaler::AutoscalerStateService::Stub::DrainNode, request, deadline);
    if (!reply) return reply.error();
    return DrainAnswer{reply->is_accepted(), reply->rejection_reason_message()};
  }

  Result<std::string> version(Time deadline) override {
    const auto reply = call<ray::rpc::NodeInfoGcsService, ray::rpc::CheckAliveReply>(
        &ray::rpc::NodeInfoGcsService::Stub::CheckAlive, ray::rpc::CheckAliveRequest{}, deadline);
    if (!reply) return reply.error();
    if (reply->status().code() != 0) {
      return transient(ErrorCode::kRayUnreachable,
                       "Ray at " + endpoint_ + " is not ready: " + reply->status().message());
    }
    return reply->ray_version();
  }

 private:
  template <class Service, class Reply, class Request, class Method>
  Result<Reply> call(Method method, const Request& request, Time deadline) {
    if (!sendable_token(token_)) {
      return permanent(ErrorCode::kRayRefused,
                       "the token of Ray at " + endpoint_ + " has characters that cannot be sent");
    }
    const auto stub = Service::NewStub(channel());
    grpc::ClientContext context;
    prepare_call(context, token_, deadline);
    Reply reply;
    const grpc::Status status = ((*stub).*method)(&context, request, &reply);
    if (!status.ok()) return to_error(status, endpoint_);
    return reply;
  }

  // gRPC starts threads with its first channel, so that waits for the first call.
  std::shared_ptr<grpc::Channel> channel() {
    std::call_once(opened_, [this] { channel_ = open_channel(endpoint_); });
    return channel_;
  }

  const std::string endpoint_, token_;
  std::once_flag opened_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace

std::unique_ptr<RayCluster> connect_ray(const std::string& endpoint, const std::string& token) {
  return std::make_unique<GrpcRayCluster>(endpoint, token);
}

}  // namespace rayctl
