#include "gcs/node_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

autoscaler::NodeState entry(const std::string& node_id, const std::string& instance,
                            autoscaler::NodeStatus status) {
  autoscaler::NodeState state;
  state.set_node_id(node_id);
  state.set_instance_id(instance);
  state.set_status(status);
  return state;
}

RayView view_of(const std::vector<autoscaler::NodeState>& entries) {
  autoscaler::ClusterResourceState state;
  for (const auto& each : entries)
    *state.add_node_states() = each;
  return to_view(state);
}

TEST(NodeView, TakesEverythingThatRaySaysOfANode) {
  auto state = entry("\x01\xff", "i-1", autoscaler::IDLE);
  state.set_idle_duration_ms(1500);
  state.set_node_ip_address("127.0.0.7");
  (*state.mutable_total_resources())["CPU"] = 4;
  (*state.mutable_available_resources())["CPU"] = 2.5;
  state.add_node_activity("Busy workers on node.");
  state.set_ray_node_type_name("gpu");
  (*state.mutable_labels())["zone"] = "a";
  (*state.mutable_dynamic_labels())["_PG_ab"] = "";

  RayNode want;
  want.node_id = "01ff";
  want.idle = true;
  want.idle_for = Millis{1500};
  want.total = {{"CPU", 4}};
  want.available = {{"CPU", 2.5}};
  want.activity = {"Busy workers on node."};
  want.ip = "127.0.0.7";
  want.type = "gpu";
  want.labels = {{"zone", "a"}, {"_PG_ab", ""}};
  EXPECT_EQ(view_of({state}), (RayView{{{CloudId{"i-1"}, want}}}));
}

TEST(NodeView, StrangeNumbersAreLeftOut) {
  auto state = entry("n", "i", autoscaler::IDLE);
  state.set_idle_duration_ms(-1);
  (*state.mutable_total_resources())["CPU"] = std::nan("");
  (*state.mutable_total_resources())["GPU"] = 2;
  (*state.mutable_available_resources())["GPU"] = -1;
  const RayNode node = view_of({state}).nodes.at(CloudId{"i"});
  EXPECT_EQ(node.idle_for, Millis{0});
  EXPECT_EQ(node.total, (Resources{{"GPU", 2}}));
  EXPECT_EQ(node.available, Resources{});
}

TEST(NodeView, MapsEveryStatus) {
  const auto state_of = [](autoscaler::NodeStatus status) {
    return view_of({entry("n", "i", status)}).nodes.at(CloudId{"i"});
  };
  EXPECT_EQ(state_of(autoscaler::RUNNING).state, RayNode::State::kAlive);
  EXPECT_FALSE(state_of(autoscaler::RUNNING).idle);
  EXPECT_EQ(state_of(autoscaler::IDLE).state, RayNode::State::kAlive);
  EXPECT_TRUE(state_of(autoscaler::IDLE).idle);
  EXPECT_EQ(state_of(autoscaler::DRAINING).state, RayNode::State::kDraining);
  EXPECT_EQ(state_of(autoscaler::DEAD).state, RayNode::State::kDead);
  EXPECT_EQ(state_of(static_cast<autoscaler::NodeStatus>(99)).state, RayNode::State::kAlive);
}

TEST(NodeView, ALivingNodeHidesTheDeadOfItsMachineInAnyOrder) {
  std::vector<autoscaler::NodeState> entries = {
      entry("a", "i-1", autoscaler::DEAD), entry("b", "i-1", autoscaler::RUNNING),
      entry("c", "i-1", autoscaler::DRAINING), entry("d", "i-1", autoscaler::DEAD)};
  const auto before = [](const auto& x, const auto& y) { return x.node_id() < y.node_id(); };
  do {
    const RayView view = view_of(entries);
    ASSERT_EQ(view.nodes.size(), 1U);
    EXPECT_EQ(view.nodes.begin()->second.node_id, to_hex("b"));
  } while (std::next_permutation(entries.begin(), entries.end(), before));
}

TEST(NodeView, AMachineWhoseEveryNodeDiedIsDead) {
  const RayView view =
      view_of({entry("a", "i-1", autoscaler::DEAD), entry("b", "i-1", autoscaler::DEAD)});
  EXPECT_EQ(view.nodes.at(CloudId{"i-1"}).state, RayNode::State::kDead);
}

TEST(NodeView, NodesWithoutAnInstanceIdStayApart) {
  const RayView view =
      view_of({entry("\x0a", "", autoscaler::RUNNING), entry("\x0b", "", autoscaler::DEAD)});
  ASSERT_EQ(view.nodes.size(), 2U);
  EXPECT_EQ(view.nodes.at(CloudId{"ray:0a"}).state, RayNode::State::kAlive);
  EXPECT_EQ(view.nodes.at(CloudId{"ray:0b"}).state, RayNode::State::kDead);
}

TEST(FindHead, IsTheLivingOneThatStartedLast) {
  ray::rpc::GetAllNodeInfoReply nodes;
  EXPECT_EQ(find_head(nodes), std::nullopt);
  const auto add = [&](const char* id, bool head, bool alive, std::uint64_t started) {
    auto& node = *nodes.add_node_info_list();
    node.set_node_id(id);
    node.set_is_head_node(head);
    node.set_state(alive ? ray::rpc::GcsNodeInfo::ALIVE : ray::rpc::GcsNodeInfo::DEAD);
    node.set_start_time_ms(started);
    node.set_node_manager_address("10.0.0.1");
    node.set_temp_dir("/tmp/ray");
    node.set_session_dir("/tmp/ray/session_1");
  };
  add("\x01", true, false, 9);
  add("\x02", false, true, 9);
  EXPECT_EQ(find_head(nodes), std::nullopt);
  add("\x03", true, true, 2);
  add("\x04", true, true, 7);
  add("\x05", true, true, 5);
  EXPECT_EQ(find_head(nodes), (RayHeadInfo{.node_id = "04",
                                           .ip = "10.0.0.1",
                                           .temp_dir = "/tmp/ray",
                                           .session_dir = "/tmp/ray/session_1"}));
}

TEST(Hex, GoesThereAndBack) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte)
    every += static_cast<char>(byte);
  EXPECT_EQ(to_hex(every).substr(0, 6), "000102");
  EXPECT_EQ(from_hex(to_hex(every)), every);
  EXPECT_EQ(from_hex("AbCd"), "\xab\xcd");
}

TEST(Hex, NothingButHexIsRead) {
  for (const char* text : {"", "a", "abc", "zz", "0x12", "12 4", "é0"})
    EXPECT_EQ(from_hex(text), "");
}

}  // namespace
}  // namespace rayctl
