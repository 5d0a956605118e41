#include "gcs/ray_cluster.h"

#include <mutex>
#include <type_traits>
#include <utility>

#include "gcs/channel.h"
#include "gcs/load_view.h"
#include "gcs/node_view.h"
#include "gcs/report_message.h"
#include "ray_autoscaler.grpc.pb.h"
#include "ray_gcs.grpc.pb.h"

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;
using Autoscaler = autoscaler::AutoscalerStateService::Stub;
using Nodes = ray::rpc::NodeInfoGcsService::Stub;
using Keys = ray::rpc::InternalKVGcsService::Stub;

// Where a driver that believes in Ray's first autoscaler leaves request_resources().
constexpr char kAskedKey[] = "autoscaler_resource_request";
// GcsStatus::code of a key that is not there.
constexpr int kNotFound = 17;

class GrpcRayCluster final : public RayCluster {
 public:
  GrpcRayCluster(std::string endpoint, std::string token)
      : endpoint_(std::move(endpoint)), token_(std::move(token)) {}

  Result<RayView> view(Time deadline) override {
    const auto reply = call(&Autoscaler::GetClusterResourceState, {}, deadline);
    if (!reply) return reply.error();
    return to_view(reply->cluster_resource_state());
  }

  Result<RayState> state(Time deadline) override {
    const auto reply = call(&Autoscaler::GetClusterResourceState, {}, deadline);
    if (!reply) return reply.error();
    const autoscaler::ClusterResourceState& sent = reply->cluster_resource_state();
    RayState state{
        .view = to_view(sent), .load = to_load(sent), .session_name = sent.cluster_session_name()};
    if (sent.cluster_resource_constraints().empty()) {
      const Result<std::optional<std::string>> asked = get_key("", kAskedKey, deadline);
      if (!asked) return asked.error();
      if (*asked) state.load.asked = to_asked(**asked);
    }
    return state;
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
    const auto reply = call(&Autoscaler::DrainNode, request, deadline);
    if (!reply) return reply.error();
    return DrainAnswer{reply->is_accepted(), reply->rejection_reason_message()};
  }

  Result<std::int64_t> reported_version(Time deadline) override {
    const auto reply = call(&Autoscaler::GetClusterStatus, {}, deadline);
    if (!reply) return reply.error();
    return reply->autoscaling_state().autoscaler_state_version();
  }

  Result<> report(const AutoscalerReport& report, Time deadline) override {
    autoscaler::ReportAutoscalingStateRequest request;
    *request.mutable_autoscaling_state() = to_message(report);
    const auto reply = call(&Autoscaler::ReportAutoscalingState, request, deadline);
    if (!reply) return reply.error();
    return {};
  }

  Result<std::string> version(Time deadline) override {
    const auto reply = call(&Nodes::CheckAlive, {}, deadline);
    if (!reply) return reply.error();
    if (const Result<> well = check(reply->status()); !well) return well.error();
    return reply->ray_version();
  }

  Result<RayHeadInfo> head_info(Time deadline) override {
    ray::rpc::GetAllNodeInfoRequest request;
    request.add_node_selectors()->set_is_head_node(true);
    const auto reply = call(&Nodes::GetAllNodeInfo, request, deadline);
    if (!reply) return reply.error();
    if (const Result<> well = check(reply->status()); !well) return well.error();
    if (std::optional<RayHeadInfo> head = find_head(*reply)) return *std::move(head);
    return transient(ErrorCode::kRayUnreachable, "Ray at " + endpoint_ + " has no head");
  }

  Result<std::optional<std::string>> get_key(const std::string& space, const std::string& key,
                                             Time deadline) override {
    ray::rpc::InternalKVGetRequest request;
    request.set_namespace_(space);
    request.set_key(key);
    const auto reply = call(&Keys::InternalKVGet, request, deadline);
    if (!reply) return reply.error();
    if (reply->status().code() == kNotFound) return std::optional<std::string>();
    if (const Result<> well = check(reply->status()); !well) return well.error();
    return std::optional(reply->value());
  }

  Result<> put_key(const std::string& space, const std::string& key, const std::string& value,
                   Time deadline) override {
    ray::rpc::InternalKVPutRequest request;
    request.set_namespace_(space);
    request.set_key(key);
    request.set_value(value);
    request.set_overwrite(true);
    const auto reply = call(&Keys::InternalKVPut, request, deadline);
    if (!reply) return reply.error();
    return check(reply->status());
  }

 private:
  template <class Stub, class Request, class Reply>
  Result<Reply> call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                     const std::type_identity_t<Request>& request, Time deadline) {
    if (!sendable_token(token_)) {
      return permanent(ErrorCode::kRayRefused,
                       "the token of Ray at " + endpoint_ + " has characters that cannot be sent");
    }
    Stub stub(channel());
    grpc::ClientContext context;
    prepare_call(context, token_, deadline);
    Reply reply;
    const grpc::Status status = (stub.*method)(&context, request, &reply);
    if (!status.ok()) return to_error(status, endpoint_);
    return reply;
  }

  // What GCS says inside an answer that gRPC found well.
  Result<> check(const ray::rpc::GcsStatus& status) const {
    if (status.code() == 0) return {};
    return transient(ErrorCode::kRayUnreachable,
                     "Ray at " + endpoint_ + " is not ready: " + status.message());
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
