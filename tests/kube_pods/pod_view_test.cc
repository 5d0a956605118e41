#include "providers/kubernetes/pod_view.h"

#include <gtest/gtest.h>

#include "providers/kubernetes/pod_tags.h"

namespace rayctl::kubernetes {
namespace {

Json pod(Json status, Json metadata = Json::object()) {
  metadata["name"] = "p";
  return {{"metadata", std::move(metadata)},
          {"spec", {{"containers", {{{"name", "ray"}}, {{"name", "side"}}}}}},
          {"status", std::move(status)}};
}

Json container(Json state, int restarts = 0, Json last = nullptr) {
  Json status = {{"name", "ray"}, {"state", std::move(state)}, {"restartCount", restarts}};
  if (!last.is_null()) status["lastState"] = std::move(last);
  return Json::array({std::move(status)});
}

TEST(PodViewTest, RunsWhenTheContainerOfRayDoes) {
  const CloudNode node =
      cloud_node_of(pod({{"phase", "Running"},
                         {"podIP", "10.1.2.3"},
                         {"containerStatuses", container({{"running", Json::object()}})}},
                        {{"labels", {{"ray-node-type", "head"}, {"rayctl-node", "main-1"}}},
                         {"annotations", {{"rayctl-applied", "l=1"}, {"example.com/note", "x"}}}}));
  EXPECT_EQ(node.power, Power::kRunning);
  EXPECT_EQ(node.internal_ip, "10.1.2.3");
  EXPECT_TRUE(node.head);
  EXPECT_EQ(node.name, NodeName{"main-1"});
  EXPECT_EQ(node.tags.at("rayctl-applied"), "l=1");
  EXPECT_FALSE(node.tags.contains("example.com/note"));
  EXPECT_EQ(node.tags.at(kContainerTag), "ray");
  EXPECT_EQ(node.unwanted, "");
}

TEST(PodViewTest, PendingOnesSayWhatTheyWaitFor) {
  const struct {
    Json status;
    std::string why;
  } cases[] = {
      {{{"phase", "Pending"}}, ""},
      {{{"phase", "Pending"},
        {"conditions",
         {{{"type", "PodScheduled"},
           {"status", "False"},
           {"message", "0/2 nodes are available: 2 Insufficient cpu."}}}}},
       "no node takes it: 0/2 nodes are available: 2 Insufficient cpu."},
      {{{"phase", "Pending"},
        {"containerStatuses", container({{"waiting", {{"reason", "ContainerCreating"}}}})}},
       ""},
      {{{"phase", "Pending"},
        {"containerStatuses",
         container({{"waiting",
                     {{"reason", "ImagePullBackOff"}, {"message", "Back-off pulling x:1"}}}})}},
       "container ray: ImagePullBackOff: Back-off pulling x:1"},
      {{{"phase", "Running"},
        {"containerStatuses", container({{"waiting", {{"reason", "CrashLoopBackOff"}}}}, 2,
                                        {{"terminated", {{"reason", "Error"}, {"exitCode", 3}}}})}},
       "container ray: it ended 3 times, the last time with exit code 3"},
  };
  for (const auto& each : cases) {
    const CloudNode node = cloud_node_of(pod(each.status));
    EXPECT_EQ(node.power, Power::kPending) << each.status;
    EXPECT_EQ(node.waits_for, each.why);
  }
}

TEST(PodViewTest, EndedOnesSayWhy) {
  const struct {
    Json status;
    std::string why;
  } cases[] = {
      {{{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "The node was low on memory. "}},
       "its pod has ended: Evicted: The node was low on memory."},
      {{{"phase", "Failed"},
        {"conditions",
         {{{"type", "DisruptionTarget"},
           {"status", "True"},
           {"reason", "PreemptionByScheduler"},
           {"message", "default-scheduler: preempting"}}}}},
       "its pod has ended: PreemptionByScheduler: default-scheduler: preempting"},
      {{{"phase", "Failed"},
        {"containerStatuses",
         container({{"terminated", {{"reason", "OOMKilled"}, {"exitCode", 137}}}})}},
       "its container ray has ended (OOMKilled, exit code 137)"},
      {{{"phase", "Running"},
        {"containerStatuses",
         {{{"name", "ray"}, {"state", {{"terminated", {{"exitCode", 255}}}}}},
          {{"name", "beside"}, {"state", {{"running", Json::object()}}}}}}},
       "its container ray has ended (exit code 255)"},
      {{{"phase", "Succeeded"}}, "its pod has ended"},
  };
  for (const auto& each : cases) {
    const CloudNode node = cloud_node_of(pod(each.status));
    EXPECT_EQ(node.power, Power::kStopped) << each.status;
    EXPECT_EQ(node.unwanted, each.why);
  }
}

TEST(PodViewTest, EventsTellOfWhatFailsAgainAndAgain) {
  const auto event = [](const char* reason, int count) {
    return Json{{"reason", reason}, {"message", "no \"s\"\nfound"}, {"count", count}};
  };
  EXPECT_EQ(why_stuck({{"items", {event("Pulled", 5), event("FailedMount", 1)}}}), "");
  EXPECT_EQ(why_stuck({{"items", {event("FailedMount", 3), event("Pulled", 5)}}}),
            "FailedMount: no \"s\" found");
  EXPECT_EQ(why_stuck(nullptr), "");
}

TEST(PodViewTest, WhatAContainerHeldIsGoneWhenItStartsAnew) {
  const CloudNode node = cloud_node_of(
      pod({{"phase", "Running"},
           {"containerStatuses",
            container({{"running", Json::object()}}, 1,
                      {{"terminated", {{"reason", "OOMKilled"}, {"exitCode", 137}}}})}}));
  EXPECT_EQ(node.power, Power::kRunning);
  EXPECT_EQ(node.unwanted, "its container ray was started anew (OOMKilled, exit code 137)");
}

TEST(PodViewTest, ADeletedOneSaysWhatHoldsIt) {
  const CloudNode node =
      cloud_node_of(pod({{"phase", "Running"}}, {{"deletionTimestamp", "2026-01-01T00:00:00Z"},
                                                 {"finalizers", {"a/b", "c/d"}}}));
  EXPECT_EQ(node.power, Power::kStopping);
  EXPECT_EQ(node.waits_for, "the finalizers a/b, c/d hold it");
}

TEST(PodViewTest, TheContainerIsTheOneThatKubectlTakes) {
  EXPECT_EQ(ray_container(pod({})), "ray");
  EXPECT_EQ(ray_container(
                pod({}, {{"annotations", {{"kubectl.kubernetes.io/default-container", "side"}}}})),
            "side");
  EXPECT_EQ(ray_container(Json::object()), "");
}

TEST(PodViewTest, APodWhoseMachineIsSilentIsNotSeen) {
  const auto seen = [](const char* ready, const char* containers, const Json& more = {}) {
    Json made =
        pod({{"phase", "Running"},
             {"conditions",
              {{{"type", "Ready"}, {"status", ready}},
               {{"type", "ContainersReady"}, {"status", containers}}}},
             {"containerStatuses", {{{"name", "ray"}, {"state", {{"running", Json::object()}}}}}}});
    made["spec"]["nodeName"] = "node-1";
    if (!more.is_null()) made["spec"]["readinessGates"] = more;
    const CloudNode node = cloud_node_of(made);
    EXPECT_EQ(node.power, Power::kRunning);
    return node.unseen;
  };
  EXPECT_EQ(seen("True", "True"), "");
  EXPECT_EQ(seen("False", "False"), "") << "a probe of its own fails";
  EXPECT_EQ(seen("False", "True"), "its machine node-1 is silent");
  EXPECT_EQ(seen("False", "True", {{{"conditionType", "theirs"}}}), "") << "a gate is closed";
}

}  // namespace
}  // namespace rayctl::kubernetes
