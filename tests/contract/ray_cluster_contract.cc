#include "tests/contract/ray_cluster_contract.h"

#include <gtest/gtest.h>

#include <thread>

#include "gcs/ray_cluster.h"

namespace rayctl::testing {
namespace {

Time in(Millis time) {
  return SystemClock{}.now() + time;
}
Time soon() {
  return in(Millis{10'000});
}

// Asks every tenth of a second until `done` says yes.
template <class Done>
bool within(Millis time, Done done) {
  const Time end = in(time);
  while (!done()) {
    if (SystemClock{}.now() > end) return false;
    std::this_thread::sleep_for(Millis{100});
  }
  return true;
}

void expect_refused(const RayClusterUnderTest& cluster, const std::string& token) {
  SCOPED_TRACE("token '" + token + "'");
  const auto with = connect_ray(cluster.endpoint, token);
  const auto view = with->view(soon());
  ASSERT_FALSE(view.ok());
  EXPECT_EQ(view.error().fault, Fault::kPermanent);
  EXPECT_EQ(view.error().code, ErrorCode::kRayRefused);
  const auto version = with->version(soon());
  ASSERT_FALSE(version.ok());
  EXPECT_EQ(version.error().code, ErrorCode::kRayRefused);
}

void expect_too_late_is_transient(RayCluster& ray) {
  const auto late = ray.view(in(Millis{-1}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().fault, Fault::kTransient);
  EXPECT_EQ(late.error().code, ErrorCode::kRayUnreachable);
}

}  // namespace

void expect_ray_cluster_contract(const RayClusterUnderTest& cluster) {
  const auto ray = connect_ray(cluster.endpoint, cluster.token);
  const CloudId head{cluster.instance};

  Result<RayView> view = transient(ErrorCode::kRayUnreachable, "not asked");
  ASSERT_TRUE(within(Millis{60'000}, [&] {
    view = ray->view(soon());
    return view && view->nodes.contains(head) && view->nodes.at(head).idle;
  })) << (view ? "the head is not idle" : view.error().message);
  const RayNode node = view->nodes.at(head);
  EXPECT_EQ(view->nodes.size(), 1U);
  EXPECT_EQ(node.state, RayNode::State::kAlive);
  EXPECT_EQ(node.node_id.size(), 56U);
  EXPECT_EQ(node.ip, cluster.ip);
  EXPECT_EQ(node.total.at("CPU"), 1.0);
  EXPECT_TRUE(node.total.contains("node:__internal_head__"));
  EXPECT_EQ(node.available.at("CPU"), 1.0);

  const auto version = ray->version(soon());
  ASSERT_TRUE(version.ok()) << version.error().message;
  EXPECT_EQ(*version, cluster.version);

  expect_refused(cluster, "");
  expect_refused(cluster, cluster.token + "x");
  expect_too_late_is_transient(*ray);
  EXPECT_TRUE(ray->view(soon()).ok()) << "after a call that came too late";

  const std::string nobody(56, 'e');
  const auto strange = ray->drain(nobody, DrainReason::kPreemption, "test", soon(), soon());
  ASSERT_TRUE(strange.ok()) << strange.error().message;
  EXPECT_TRUE(strange->accepted) << strange->rejection;

  // Ray may find the head busy for a moment.
  ASSERT_TRUE(within(Millis{30'000}, [&] {
    const auto answer =
        ray->drain(node.node_id, DrainReason::kIdleTermination, "test", in(Millis{20'000}), soon());
    return answer && answer->accepted;
  }));
  EXPECT_TRUE(within(Millis{20'000}, [&] {
    view = ray->view(soon());
    return view && view->nodes.at(head).state == RayNode::State::kDead;
  })) << (view ? "the head is not dead" : view.error().message);
  EXPECT_EQ(view->nodes.at(head).node_id, node.node_id);
}

}  // namespace rayctl::testing
