#include "gcs/report_message.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "model/gang_strategy.h"

namespace rayctl {
namespace {

namespace autoscaler = ray::rpc::autoscaler;

constexpr int kMostEntries = 10'000;

std::int64_t seconds(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

void constrain(autoscaler::ResourceRequest& request, const Gang& gang) {
  const std::string label = "_PG_" + gang.id;
  if (gang.strategy == GangStrategy::kStrictPack) {
    request.add_placement_constraints()->mutable_affinity()->set_label_name(label);
  } else if (gang.strategy == GangStrategy::kStrictSpread) {
    request.add_placement_constraints()->mutable_anti_affinity()->set_label_name(label);
  }
}

void add_pending(autoscaler::AutoscalingState& state, const AutoscalerReport& report) {
  for (const auto& asked : report.asked) {
    for (int i = 0; i < asked.count && state.pending_instance_requests_size() < kMostEntries; ++i) {
      auto& entry = *state.add_pending_instance_requests();
      entry.set_ray_node_type_name(asked.type.text);
      entry.set_count(1);
      entry.set_request_ts(seconds(asked.at));
    }
  }
  for (const auto& starting : report.starting) {
    auto& entry = *state.add_pending_instances();
    entry.set_ray_node_type_name(starting.type.text);
    entry.set_instance_id(starting.id.text);
    entry.set_ip_address(starting.ip);
    entry.set_details(starting.doing);
  }
}

void add_failed(autoscaler::AutoscalingState& state, const AutoscalerReport& report) {
  for (const auto& failed : report.failed) {
    auto& entry = *state.add_failed_instance_requests();
    entry.set_ray_node_type_name(failed.type.text);
    entry.set_count(failed.count);
    entry.set_reason(failed.reason);
    entry.set_start_ts(seconds(failed.begun));
    entry.set_failed_ts(seconds(failed.failed));
  }
}

}  // namespace

autoscaler::ResourceRequest to_message(const ResourceRequest& request) {
  autoscaler::ResourceRequest message;
  message.mutable_resources_bundle()->insert(request.bundle.begin(), request.bundle.end());
  if (request.selectors.empty()) message.add_label_selectors();
  for (const LabelSelector& selector : request.selectors) {
    auto& written = *message.add_label_selectors();
    for (const LabelRule& rule : selector) {
      auto& constraint = *written.add_label_constraints();
      constraint.set_label_key(rule.key);
      constraint.set_operator_(rule.in ? ray::rpc::LABEL_OPERATOR_IN
                                       : ray::rpc::LABEL_OPERATOR_NOT_IN);
      for (const std::string& value : rule.values)
        constraint.add_label_values(value);
    }
  }
  return message;
}

autoscaler::GangResourceRequest to_message(const Gang& gang) {
  autoscaler::GangResourceRequest message;
  message.set_details(gang.id + ":" + ray_name(gang.strategy) + "|PENDING");
  auto& selected = *message.add_bundle_selectors();
  for (const ResourceRequest& bundle : gang.bundles) {
    autoscaler::ResourceRequest request = to_message(bundle);
    constrain(request, gang);
    *selected.add_resource_requests() = request;
    request.clear_label_selectors();
    *message.add_requests() = std::move(request);
  }
  return message;
}

autoscaler::ResourceRequestByCount to_message(const Demand& demand) {
  autoscaler::ResourceRequestByCount message;
  *message.mutable_request() = to_message(demand.request);
  message.set_count(demand.count);
  return message;
}

autoscaler::AutoscalingState to_message(const AutoscalerReport& report) {
  autoscaler::AutoscalingState state;
  state.set_last_seen_cluster_resource_state_version(report.load_version);
  state.set_autoscaler_state_version(report.version);
  add_pending(state, report);
  add_failed(state, report);
  for (const ResourceRequest& request : report.impossible)
    *state.add_infeasible_resource_requests() = to_message(request);
  for (const Gang& gang : report.impossible_gangs)
    *state.add_infeasible_gang_resource_requests() = to_message(gang);
  if (!report.impossible_asked.empty()) {
    auto& constraint = *state.add_infeasible_cluster_resource_constraints();
    for (const Demand& demand : report.impossible_asked)
      *constraint.add_resource_requests() = to_message(demand);
  }
  return state;
}

}  // namespace rayctl
