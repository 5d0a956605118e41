#include "gcs/node_view.h"

#include <gtest/gtest.h>

#include <algorithm>
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

  RayNode want;
  want.node_id = "01ff";
  want.idle = true;
  want.idle_for = Millis{1500};
  want.total = {{"CPU", 4}};
  want.available = {{"CPU", 2.5}};
  want.activity = {"Busy workers on node."};
  want.ip = "127.0.0.7";
  EXPECT_EQ(view_of({state}), (RayView{{{CloudId{"i-1"}, want}}}));
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
