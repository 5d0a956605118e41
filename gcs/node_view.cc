#include "gcs/node_view.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "gcs/load_view.h"

namespace rayctl {
namespace {

using ray::rpc::autoscaler::NodeState;
using ray::rpc::autoscaler::NodeStatus;

RayNode::State to_state(NodeStatus status) {
  if (status == NodeStatus::DEAD) return RayNode::State::kDead;
  if (status == NodeStatus::DRAINING) return RayNode::State::kDraining;
  return RayNode::State::kAlive;
}

RayNode to_node(const NodeState& state) {
  RayNode node;
  node.node_id = to_hex(state.node_id());
  node.state = to_state(state.status());
  node.idle = state.status() == NodeStatus::IDLE;
  node.idle_for = Millis{std::max<std::int64_t>(state.idle_duration_ms(), 0)};
  node.total = to_amounts(state.total_resources());
  node.available = to_amounts(state.available_resources());
  node.activity.assign(state.node_activity().begin(), state.node_activity().end());
  node.ip = state.node_ip_address();
  node.type = state.ray_node_type_name();
  node.labels.insert(state.labels().begin(), state.labels().end());
  node.labels.insert(state.dynamic_labels().begin(), state.dynamic_labels().end());
  return node;
}

// Which of two entries of one machine counts; the id only makes the answer definite.
auto rank(const RayNode& node) {
  return std::tie(node.state, node.node_id);
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

RayView to_view(const ray::rpc::autoscaler::ClusterResourceState& state) {
  RayView view;
  for (const NodeState& entry : state.node_states()) {
    RayNode node = to_node(entry);
    CloudId key{entry.instance_id().empty() ? "ray:" + node.node_id : entry.instance_id()};
    const auto [place, added] = view.nodes.try_emplace(std::move(key), node);
    if (!added && rank(node) < rank(place->second)) place->second = std::move(node);
  }
  return view;
}

std::optional<RayHeadInfo> find_head(const ray::rpc::GetAllNodeInfoReply& nodes) {
  const ray::rpc::GcsNodeInfo* head = nullptr;
  for (const ray::rpc::GcsNodeInfo& each : nodes.node_info_list()) {
    if (!each.is_head_node() || each.state() != ray::rpc::GcsNodeInfo::ALIVE) continue;
    if (head == nullptr || each.start_time_ms() > head->start_time_ms()) head = &each;
  }
  if (head == nullptr) return std::nullopt;
  return RayHeadInfo{.node_id = to_hex(head->node_id()),
                     .ip = head->node_manager_address(),
                     .temp_dir = head->temp_dir(),
                     .session_dir = head->session_dir()};
}

std::string to_hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string from_hex(const std::string& hex) {
  if (hex.size() % 2 != 0) return {};
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = nibble(hex[i]);
    const int low = nibble(hex[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace rayctl
