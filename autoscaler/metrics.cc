#include "autoscaler/metrics.h"

#include <algorithm>
#include <map>

namespace rayctl {
namespace {

using Stage = FleetNode::Stage;
using Labels = std::map<std::string, std::string>;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\' || c == '"') safe += '\\';
    safe += c == '\n' ? "\\n" : std::string(1, c);
  }
  return safe;
}

/// Puts the text together. Every line carries the session's name.
class Exposition {
 public:
  explicit Exposition(const std::string& session) : session_(session) {}

  void begin(const std::string& name, const char* kind, const char* help) {
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n";
  }
  template <class T>
  void line(const std::string& name, T value, Labels labels = {}) {
    labels["SessionName"] = session_;
    std::string list;
    for (const auto& [key, each] : labels)
      list += (list.empty() ? "" : ",") + key + "=\"" + escaped(each) + "\"";
    text_ += name + "{" + list + "} " + Json(value).dump() + "\n";
  }
  template <class T>
  void counter(const std::string& name, T value, const char* help) {
    begin(name, "counter", help);
    line(name, value);
  }
  void gauge(const std::string& name, std::int64_t value, const char* help) {
    begin(name, "gauge", help);
    line(name, value);
  }
  template <class T>
  void gauges(const std::string& name, const std::string& label,
              const std::map<std::string, T>& values, const char* help) {
    begin(name, "gauge", help);
    for (const auto& [key, value] : values)
      line(name, value, {{label, key}});
  }
  void histogram(const std::string& name, const Histogram& values, const char* help) {
    begin(name, "histogram", help);
    std::int64_t below = 0;
    for (std::size_t i = 0; i < values.bounds().size(); ++i) {
      below += values.counts()[i];
      line(name + "_bucket", below, {{"le", Json(values.bounds()[i]).dump()}});
    }
    below += values.counts().back();
    line(name + "_bucket", below, {{"le", "+Inf"}});
    line(name + "_count", below);
    line(name + "_sum", values.sum());
  }
  std::string take() { return std::move(text_); }

 private:
  const std::string& session_;
  std::string text_;
};

struct Census {
  std::map<std::string, std::int64_t> pending, active, failed;  ///< by type
  std::map<std::string, double> there, coming;                  ///< resources
  std::int64_t workers = 0, setting_up = 0;
};

void add(std::map<std::string, double>& sum, const Resources& resources, int times = 1) {
  for (const auto& [name, amount] : resources) {
    if (!name.starts_with("node:")) sum[name] += amount * times;
  }
}

Census count(const Config& config, const Fleet& fleet, const Decision& decision) {
  Census census;
  for (const NodeTypeConfig& type : config.node_types)
    census.pending[type.name.text] = census.active[type.name.text] = census.failed[type.name.text] =
        0;
  const auto come = [&](const NodeTypeName& name, int times) {
    census.pending[name.text] += times;
    if (const NodeTypeConfig* type = config.find(name)) add(census.coming, type->resources, times);
  };
  for (const FleetNode& node : fleet.nodes) {
    if (node.stage == Stage::kRunning) {
      ++census.active[node.type.text];
      if (!node.head) ++census.workers;
      add(census.there, node.total);
    } else if (node.stage == Stage::kAsked || node.stage == Stage::kStarting) {
      come(node.type, 1);
      if (node.stage == Stage::kStarting) ++census.setting_up;
    } else if (node.stage == Stage::kFailed) {
      ++census.failed[node.type.text];
    }
  }
  for (const auto& [type, times] : decision.launch)
    come(type, times);
  return census;
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds), counts_(bounds.size() + 1) {}

void Histogram::observe(double seconds) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
  ++counts_[static_cast<std::size_t>(at - bounds_.begin())];
  sum_ += seconds;
}

std::string metrics_text(const AutoscalerCounters& counters, const Config& config,
                         const Fleet& fleet, const Decision& decision,
                         const std::string& session_name) {
  const Census census = count(config, fleet, decision);
  Exposition out(session_name);
  out.histogram("autoscaler_worker_create_node_time_seconds", counters.launch_time,
                "From asking for a machine until it was there, once for each node.");
  out.histogram("autoscaler_worker_update_time_seconds", counters.set_up_time,
                "Time of set-ups that succeeded.");
  out.histogram("autoscaler_update_time_seconds", counters.tick_time,
                "Time of one round: look, decide, report.");
  out.gauges("autoscaler_pending_nodes", "NodeType", census.pending,
             "Nodes that are launched or set up.");
  out.gauges("autoscaler_active_nodes", "NodeType", census.active, "Nodes that are alive in Ray.");
  out.gauges("autoscaler_recently_failed_nodes", "NodeType", census.failed,
             "Nodes whose start or set-up failed and that were not tried again yet.");
  out.counter("autoscaler_started_nodes_total", counters.started, "Nodes launched.");
  out.counter("autoscaler_stopped_nodes_total", counters.stopped, "Nodes removed.");
  out.gauge("autoscaler_updating_nodes", census.setting_up, "Nodes that are set up now.");
  out.gauge("autoscaler_recovering_nodes", counters.recovering,
            "Nodes on which Ray is started again now.");
  out.gauge("autoscaler_running_workers_nodes", census.workers, "Workers that are alive in Ray.");
  out.counter("autoscaler_failed_create_nodes_total", counters.launches_failed,
              "Nodes for which no machine could be had.");
  out.counter("autoscaler_failed_updates_total", counters.set_ups_failed, "Set-ups that failed.");
  out.counter("autoscaler_successful_updates_total", counters.set_ups, "Set-ups that succeeded.");
  out.counter("autoscaler_failed_recoveries_total", counters.recoveries_failed,
              "Times that Ray could not be started again on a node.");
  out.counter("autoscaler_successful_recoveries_total", counters.recoveries,
              "Times that Ray was started again on a node.");
  out.counter("autoscaler_update_loop_exceptions_total", counters.tick_errors,
              "Rounds that could not look at the cluster or decide.");
  out.counter("autoscaler_node_launch_exceptions_total", counters.launch_errors,
              "Calls for machines that the provider refused or that failed.");
  out.counter("autoscaler_reset_exceptions_total", counters.reset_errors,
              "Times that a changed config could not be taken over.");
  out.counter("autoscaler_config_validation_exceptions_total", counters.config_errors,
              "Times that a changed config had mistakes.");
  out.counter("autoscaler_drain_node_exceptions_total", counters.drain_errors,
              "Nodes that Ray did not drain.");
  out.gauges("autoscaler_cluster_resources", "resource", census.there,
             "Resources of all nodes in Ray.");
  out.gauges("autoscaler_pending_resources", "resource", census.coming,
             "Resources of nodes that are launched or set up.");
  return out.take();
}

}  // namespace rayctl
