#include "autoscaler/metrics.h"

#include <gtest/gtest.h>

#include <map>

#include "base/text.h"

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;

/// As prometheus_client prints those of ray/autoscaler/_private/prom_metrics.py (Ray 2.60).
const std::map<std::string, std::string> kRays = {
    {"autoscaler_worker_create_node_time_seconds", "histogram"},
    {"autoscaler_worker_update_time_seconds", "histogram"},
    {"autoscaler_update_time_seconds", "histogram"},
    {"autoscaler_pending_nodes", "gauge"},
    {"autoscaler_active_nodes", "gauge"},
    {"autoscaler_recently_failed_nodes", "gauge"},
    {"autoscaler_started_nodes_total", "counter"},
    {"autoscaler_stopped_nodes_total", "counter"},
    {"autoscaler_updating_nodes", "gauge"},
    {"autoscaler_recovering_nodes", "gauge"},
    {"autoscaler_running_workers_nodes", "gauge"},
    {"autoscaler_failed_create_nodes_total", "counter"},
    {"autoscaler_failed_updates_total", "counter"},
    {"autoscaler_successful_updates_total", "counter"},
    {"autoscaler_failed_recoveries_total", "counter"},
    {"autoscaler_successful_recoveries_total", "counter"},
    {"autoscaler_update_loop_exceptions_total", "counter"},
    {"autoscaler_node_launch_exceptions_total", "counter"},
    {"autoscaler_reset_exceptions_total", "counter"},
    {"autoscaler_config_validation_exceptions_total", "counter"},
    {"autoscaler_drain_node_exceptions_total", "counter"},
    {"autoscaler_cluster_resources", "gauge"},
    {"autoscaler_pending_resources", "gauge"},
};

Config config() {
  Config config;
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}, .resources = {{"CPU", 1}}},
                       {.name = {"gpu"}, .resources = {{"CPU", 4}, {"GPU", 0.5}}}};
  return config;
}

FleetNode node(const char* type, Stage stage, Resources total = {}) {
  FleetNode node{.type = {type}, .total = std::move(total)};
  node.head = node.type.text == "head";
  node.stage = stage;
  return node;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, HaveRaysNamesAndKinds) {
  std::map<std::string, std::string> found;
  for (const std::string& line : split(metrics_text({}, config(), {}, {}, "s"), '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() == 4 && words[1] == "TYPE") found[words[2]] = words[3];
  }
  EXPECT_EQ(found, kRays);
}

TEST(Metrics, CountNodesAndResources) {
  const Fleet fleet{.nodes = {node("head", Stage::kRunning, {{"CPU", 1}, {"node:10.0.0.1", 1}}),
                              node("gpu", Stage::kRunning, {{"CPU", 4}, {"GPU", 0.5}}),
                              node("gpu", Stage::kAsked), node("gpu", Stage::kStarting),
                              node("gpu", Stage::kFailed), node("old", Stage::kLeaving)}};
  Decision decision;
  decision.launch = {{{"gpu"}, 2}};
  const std::string text = metrics_text({}, config(), fleet, decision, "se\"ssion\n");
  const std::string session = "SessionName=\"se\\\"ssion\\n\"";
  for (const std::string& line : {
           "autoscaler_active_nodes{NodeType=\"gpu\"," + session + "} 1",
           "autoscaler_active_nodes{NodeType=\"head\"," + session + "} 1",
           "autoscaler_pending_nodes{NodeType=\"gpu\"," + session + "} 4",
           "autoscaler_pending_nodes{NodeType=\"head\"," + session + "} 0",
           "autoscaler_recently_failed_nodes{NodeType=\"gpu\"," + session + "} 1",
           "autoscaler_running_workers_nodes{" + session + "} 1",
           "autoscaler_updating_nodes{" + session + "} 1",
           "autoscaler_cluster_resources{" + session + ",resource=\"CPU\"} 5.0",
           "autoscaler_pending_resources{" + session + ",resource=\"GPU\"} 2.0",
       }) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  EXPECT_EQ(text.find("10.0.0.1"), std::string::npos);
}

TEST(Metrics, SumHistogramsUp) {
  AutoscalerCounters counters;
  for (const double seconds : {0.005, 0.01, 0.5, 2000.0})
    counters.tick_time.observe(seconds);
  counters.stopped = 7;
  const std::string text = metrics_text(counters, config(), {}, {}, "s");
  const std::string name = "autoscaler_update_time_seconds";
  for (const std::string& line : {
           name + "_bucket{SessionName=\"s\",le=\"0.01\"} 2",
           name + "_bucket{SessionName=\"s\",le=\"0.1\"} 2",
           name + "_bucket{SessionName=\"s\",le=\"1.0\"} 3",
           name + "_bucket{SessionName=\"s\",le=\"1000.0\"} 3",
           name + "_bucket{SessionName=\"s\",le=\"+Inf\"} 4",
           name + "_count{SessionName=\"s\"} 4",
           name + "_sum{SessionName=\"s\"} 2000.515",
           std::string("autoscaler_stopped_nodes_total{SessionName=\"s\"} 7"),
       }) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
}

}  // namespace
}  // namespace rayctl
