#include "gcs/report_message.h"

#include <gtest/gtest.h>

#include <climits>

namespace rayctl {
namespace {

const Time kBegun{Millis{1'764'300'000'999}};
const Time kLater{Millis{1'764'300'060'000}};

TEST(ReportMessage, OneEntryForEachMachineThatIsAskedFor) {
  AutoscalerReport report{.load_version = 4, .version = 9};
  report.asked = {{{"gpu"}, 3, kBegun}, {{"cpu"}, 1, kLater}, {{"none"}, -2, kLater}};
  const auto message = to_message(report);
  EXPECT_EQ(message.last_seen_cluster_resource_state_version(), 4);
  EXPECT_EQ(message.autoscaler_state_version(), 9);
  ASSERT_EQ(message.pending_instance_requests_size(), 4);
  for (const auto& entry : message.pending_instance_requests())
    EXPECT_EQ(entry.count(), 1);
  EXPECT_EQ(message.pending_instance_requests(2).ray_node_type_name(), "gpu");
  EXPECT_EQ(message.pending_instance_requests(2).request_ts(), 1'764'300'000);
  EXPECT_EQ(message.pending_instance_requests(3).ray_node_type_name(), "cpu");
}

TEST(ReportMessage, NobodyCountsToMoreThanTenThousand) {
  AutoscalerReport report;
  report.asked = {{{"gpu"}, INT_MAX, kBegun}, {{"cpu"}, INT_MAX, kBegun}};
  EXPECT_EQ(to_message(report).pending_instance_requests_size(), 10'000);
}

TEST(ReportMessage, MachinesThatStartAndLaunchesThatFailed) {
  AutoscalerReport report;
  report.starting = {{{"i-1"}, {"gpu"}, "10.0.0.1", "setting up"}};
  report.failed = {{{"gpu"}, 2, "no capacity in a", kBegun, kLater}};
  const auto message = to_message(report);
  ASSERT_EQ(message.pending_instances_size(), 1);
  EXPECT_EQ(message.pending_instances(0).instance_id(), "i-1");
  EXPECT_EQ(message.pending_instances(0).ray_node_type_name(), "gpu");
  EXPECT_EQ(message.pending_instances(0).ip_address(), "10.0.0.1");
  EXPECT_EQ(message.pending_instances(0).details(), "setting up");
  ASSERT_EQ(message.failed_instance_requests_size(), 1);
  EXPECT_EQ(message.failed_instance_requests(0).ray_node_type_name(), "gpu");
  EXPECT_EQ(message.failed_instance_requests(0).count(), 2);
  EXPECT_EQ(message.failed_instance_requests(0).reason(), "no capacity in a");
  EXPECT_EQ(message.failed_instance_requests(0).start_ts(), 1'764'300'000);
  EXPECT_EQ(message.failed_instance_requests(0).failed_ts(), 1'764'300'060);
}

TEST(ReportMessage, WhatIsImpossibleIsWrittenAsRaySentIt) {
  const ResourceRequest plain{.bundle = {{"GPU", 8}}, .selectors = {}};
  const ResourceRequest picky{.bundle = {{"CPU", 1}},
                              .selectors = {{{.key = "zone", .in = false, .values = {"a", "b"}}}}};
  AutoscalerReport report;
  report.impossible = {plain, picky};
  report.impossible_gangs = {{"ab01", GangStrategy::kStrictSpread, {plain, picky}}};
  report.impossible_asked = {{plain, 5}};
  const auto message = to_message(report);

  ASSERT_EQ(message.infeasible_resource_requests_size(), 2);
  const auto& first = message.infeasible_resource_requests(0);
  EXPECT_EQ(first.resources_bundle().at("GPU"), 8);
  ASSERT_EQ(first.label_selectors_size(), 1) << "Ray sends an empty one";
  EXPECT_EQ(first.label_selectors(0).label_constraints_size(), 0);
  const auto& rule =
      message.infeasible_resource_requests(1).label_selectors(0).label_constraints(0);
  EXPECT_EQ(rule.label_key(), "zone");
  EXPECT_EQ(rule.operator_(), ray::rpc::LABEL_OPERATOR_NOT_IN);
  EXPECT_EQ(rule.label_values_size(), 2);

  ASSERT_EQ(message.infeasible_gang_resource_requests_size(), 1);
  const auto& gang = message.infeasible_gang_resource_requests(0);
  EXPECT_EQ(gang.details(), "ab01:STRICT_SPREAD|PENDING");
  ASSERT_EQ(gang.requests_size(), 2);
  EXPECT_EQ(gang.requests(0).placement_constraints(0).anti_affinity().label_name(), "_PG_ab01");
  EXPECT_EQ(gang.bundle_selectors(0).resource_requests_size(), 2);

  ASSERT_EQ(message.infeasible_cluster_resource_constraints_size(), 1);
  EXPECT_EQ(message.infeasible_cluster_resource_constraints(0).resource_requests(0).count(), 5);
}

TEST(ReportMessage, NothingToSayIsAnEmptyReport) {
  EXPECT_EQ(to_message(AutoscalerReport{}).ByteSizeLong(), 0U);
}

}  // namespace
}  // namespace rayctl
