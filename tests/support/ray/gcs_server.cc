#include "tests/support/ray/gcs_server.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "gcs/node_view.h"
#include "gcs/report_message.h"
#include "ray_autoscaler.grpc.pb.h"
#include "ray_gcs.grpc.pb.h"

namespace rayctl::testing {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

autoscaler::NodeStatus to_status(const RayNode& node) {
  switch (node.state) {
    case RayNode::State::kDead:
      return autoscaler::DEAD;
    case RayNode::State::kDraining:
      return autoscaler::DRAINING;
    case RayNode::State::kAlive:
      break;
  }
  return node.idle ? autoscaler::IDLE : autoscaler::RUNNING;
}

void fill(autoscaler::NodeState& state, const std::string& instance, const RayNode& node) {
  state.set_node_id(from_hex(node.node_id));
  state.set_instance_id(instance);
  state.set_status(to_status(node));
  state.set_idle_duration_ms(node.idle_for.count());
  state.set_node_ip_address(node.ip);
  state.mutable_total_resources()->insert(node.total.begin(), node.total.end());
  state.mutable_available_resources()->insert(node.available.begin(), node.available.end());
  for (const std::string& activity : node.activity)
    state.add_node_activity(activity);
  state.set_ray_node_type_name(node.type);
  state.mutable_labels()->insert(node.labels.begin(), node.labels.end());
}

void fill(autoscaler::ClusterResourceState& state, const Load& load) {
  state.set_cluster_resource_state_version(load.version);
  for (const Demand& demand : load.demands)
    *state.add_pending_resource_requests() = to_message(demand);
  for (const Gang& gang : load.gangs)
    *state.add_pending_gang_resource_requests() = to_message(gang);
  if (load.asked.empty()) return;
  auto& constraint = *state.add_cluster_resource_constraints();
  for (const Demand& demand : load.asked)
    *constraint.add_resource_requests() = to_message(demand);
}

}  // namespace

struct GcsServer::World final : autoscaler::AutoscalerStateService::Service,
                                ray::rpc::NodeInfoGcsService::Service,
                                ray::rpc::InternalKVGcsService::Service {
  struct Entry {
    std::string instance;
    RayNode node;
  };

  mutable std::mutex mutex;
  std::string token;
  Millis delay{0};
  std::map<std::string, Entry> nodes;  // by node id
  Load load;
  autoscaler::AutoscalingState report;
  std::map<std::pair<std::string, std::string>, std::string> keys;  // by namespace and key
  std::string drain_message;
  Time drain_finish_by;
  int port = 0;
  std::unique_ptr<grpc::Server> server;

  // What every call goes through: the delay, then the token.
  grpc::Status enter(const grpc::ServerContext& context) const {
    Millis wait{0};
    {
      const std::scoped_lock lock(mutex);
      wait = delay;
    }
    std::this_thread::sleep_for(wait);
    if (token.empty()) return grpc::Status::OK;
    const auto sent = context.client_metadata().find("authorization");
    if (sent != context.client_metadata().end() && sent->second == "Bearer " + token) {
      return grpc::Status::OK;
    }
    return {grpc::StatusCode::UNAUTHENTICATED,
            "InvalidAuthToken: Authentication token is missing or incorrect"};
  }

  grpc::Status CheckAlive(grpc::ServerContext* context, const ray::rpc::CheckAliveRequest*,
                          ray::rpc::CheckAliveReply* reply) override {
    const grpc::Status status = enter(*context);
    if (status.ok()) reply->set_ray_version("2.60.0");
    return status;
  }

  grpc::Status GetClusterResourceState(grpc::ServerContext* context,
                                       const autoscaler::GetClusterResourceStateRequest*,
                                       autoscaler::GetClusterResourceStateReply* reply) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    auto& state = *reply->mutable_cluster_resource_state();
    for (const auto& [id, entry] : nodes)
      fill(*state.add_node_states(), entry.instance, entry.node);
    ++load.version;
    fill(state, load);
    state.set_cluster_session_name("session_of_a_test");
    return status;
  }

  grpc::Status ReportAutoscalingState(grpc::ServerContext* context,
                                      const autoscaler::ReportAutoscalingStateRequest* request,
                                      autoscaler::ReportAutoscalingStateReply*) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    const autoscaler::AutoscalingState& sent = request->autoscaling_state();
    if (sent.autoscaler_state_version() >= report.autoscaler_state_version()) report = sent;
    return status;
  }

  grpc::Status GetClusterStatus(grpc::ServerContext* context,
                                const autoscaler::GetClusterStatusRequest*,
                                autoscaler::GetClusterStatusReply* reply) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    *reply->mutable_autoscaling_state() = report;
    return status;
  }

  grpc::Status GetAllNodeInfo(grpc::ServerContext* context,
                              const ray::rpc::GetAllNodeInfoRequest* request,
                              ray::rpc::GetAllNodeInfoReply* reply) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    const bool heads = request->node_selectors_size() > 0;
    for (const auto& [id, entry] : nodes) {
      const bool head = entry.node.total.contains("node:__internal_head__");
      if (heads && !head) continue;
      auto& info = *reply->add_node_info_list();
      info.set_node_id(from_hex(id));
      info.set_node_manager_address(entry.node.ip);
      info.set_is_head_node(head);
      if (entry.node.state == RayNode::State::kDead) info.set_state(ray::rpc::GcsNodeInfo::DEAD);
      info.set_temp_dir("/tmp/ray");
      info.set_session_dir("/tmp/ray/session_of_a_test");
    }
    return status;
  }

  grpc::Status InternalKVGet(grpc::ServerContext* context,
                             const ray::rpc::InternalKVGetRequest* request,
                             ray::rpc::InternalKVGetReply* reply) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    const auto found = keys.find({request->namespace_(), request->key()});
    if (found != keys.end()) {
      reply->set_value(found->second);
    } else {
      reply->mutable_status()->set_code(17);
      reply->mutable_status()->set_message("Failed to find the key");
    }
    return status;
  }

  grpc::Status InternalKVPut(grpc::ServerContext* context,
                             const ray::rpc::InternalKVPutRequest* request,
                             ray::rpc::InternalKVPutReply*) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    keys[{request->namespace_(), request->key()}] = request->value();
    return status;
  }

  grpc::Status DrainNode(grpc::ServerContext* context, const autoscaler::DrainNodeRequest* request,
                         autoscaler::DrainNodeReply* reply) override {
    const grpc::Status status = enter(*context);
    if (!status.ok()) return status;
    const std::scoped_lock lock(mutex);
    drain_message = request->reason_message();
    drain_finish_by = Time{Millis{request->deadline_timestamp_ms()}};
    reply->set_is_accepted(true);
    const auto found = nodes.find(to_hex(request->node_id()));
    if (found == nodes.end()) return status;
    RayNode& node = found->second.node;
    if (node.idle) {
      node.state = RayNode::State::kDead;
    } else if (request->reason() == autoscaler::DRAIN_NODE_REASON_IDLE_TERMINATION) {
      reply->set_is_accepted(false);
      reply->set_rejection_reason_message("The node to be idle terminated is no longer idle.");
    } else {
      node.state = RayNode::State::kDraining;
    }
    return status;
  }
};

GcsServer::GcsServer(const std::string& token, int port) : world_(std::make_unique<World>()) {
  world_->token = token;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(),
                           &world_->port);
  builder.RegisterService(static_cast<autoscaler::AutoscalerStateService::Service*>(world_.get()));
  builder.RegisterService(static_cast<ray::rpc::NodeInfoGcsService::Service*>(world_.get()));
  builder.RegisterService(static_cast<ray::rpc::InternalKVGcsService::Service*>(world_.get()));
  world_->server = builder.BuildAndStart();
  if (!world_->server) throw std::runtime_error("GcsServer: no loopback port to listen on");
}

GcsServer::~GcsServer() {
  world_->server->Shutdown(std::chrono::system_clock::now());
}

std::string GcsServer::endpoint() const {
  return "127.0.0.1:" + std::to_string(world_->port);
}

int GcsServer::port() const {
  return world_->port;
}

void GcsServer::put(const std::string& instance, const RayNode& node) {
  const std::scoped_lock lock(world_->mutex);
  world_->nodes[node.node_id] = {instance, node};
}

RayNode GcsServer::node(const std::string& node_id) const {
  const std::scoped_lock lock(world_->mutex);
  const auto found = world_->nodes.find(node_id);
  return found == world_->nodes.end() ? RayNode{} : found->second.node;
}

void GcsServer::set_load(const Load& load) {
  const std::scoped_lock lock(world_->mutex);
  world_->load = load;
}

void GcsServer::answer_after(Millis delay) {
  const std::scoped_lock lock(world_->mutex);
  world_->delay = delay;
}

std::string GcsServer::last_drain_message() const {
  const std::scoped_lock lock(world_->mutex);
  return world_->drain_message;
}

Time GcsServer::last_drain_finish_by() const {
  const std::scoped_lock lock(world_->mutex);
  return world_->drain_finish_by;
}

}  // namespace rayctl::testing
