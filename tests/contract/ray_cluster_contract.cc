#include "tests/contract/ray_cluster_contract.h"

#include <gtest/gtest.h>

#include <thread>

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
  const auto key = with->get_key("", "a", soon());
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().code, ErrorCode::kRayRefused);
  const auto reported = with->report({}, soon());
  ASSERT_FALSE(reported.ok());
  EXPECT_EQ(reported.error().code, ErrorCode::kRayRefused);
}

void expect_keys_are_kept(RayCluster& ray) {
  const auto get = [&](const std::string& space, const std::string& key) {
    const auto value = ray.get_key(space, key, soon());
    EXPECT_TRUE(value.ok()) << value.error().message;
    return value ? *value : std::nullopt;
  };
  const std::string bytes{"\x00 \xff\n", 4};
  EXPECT_EQ(get("rayctl", "a"), std::nullopt);
  for (const std::string& value : {bytes, std::string("another")}) {
    ASSERT_TRUE(ray.put_key("rayctl", "a", value, soon()).ok());
    EXPECT_EQ(get("rayctl", "a"), value);
  }
  EXPECT_EQ(get("", "a"), std::nullopt) << "of another namespace";
  EXPECT_EQ(get("rayctl", "b"), std::nullopt);
}

void expect_older_reports_are_dropped(RayCluster& ray) {
  const auto version_after = [&](std::int64_t version) {
    AutoscalerReport report{.load_version = 1, .version = version};
    report.asked = {{{"small"}, 2, SystemClock{}.now()}};
    report.starting = {{{"i-1"}, {"small"}, "", "setting up"}};
    report.failed = {{{"small"}, 1, "no capacity", SystemClock{}.now(), SystemClock{}.now()}};
    report.impossible = {{{{"GPU", 8}}, {}}};
    const auto sent = ray.report(report, soon());
    EXPECT_TRUE(sent.ok()) << sent.error().message;
    const auto kept = ray.reported_version(soon());
    EXPECT_TRUE(kept.ok()) << kept.error().message;
    return kept ? *kept : -1;
  };
  EXPECT_EQ(*ray.reported_version(soon()), 0) << "none yet";
  EXPECT_EQ(version_after(7), 7);
  EXPECT_EQ(version_after(3), 7);
  EXPECT_EQ(version_after(7), 7);
  EXPECT_EQ(version_after(8), 8);
}

void expect_quiet_load(RayCluster& ray) {
  const auto first = ray.state(soon());
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->load.demands, std::vector<Demand>{});
  EXPECT_EQ(first->load.gangs, std::vector<Gang>{});
  EXPECT_EQ(first->load.asked, std::vector<Demand>{});
  EXPECT_FALSE(first->session_name.empty());
  const auto second = ray.state(soon());
  ASSERT_TRUE(second.ok()) << second.error().message;
  EXPECT_GT(second->load.version, first->load.version);
  EXPECT_EQ(second->session_name, first->session_name);
}

// A driver of Ray's first autoscaler leaves request_resources() in a key.
void expect_what_old_drivers_ask_for(RayCluster& ray) {
  const std::string key = "autoscaler_resource_request";
  ASSERT_TRUE(ray.put_key("", key, R"([{"CPU": 2}, {"CPU": 2}, {"GPU": 1}])", soon()).ok());
  const auto state = ray.state(soon());
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state->load.asked,
            (std::vector<Demand>{{{{{"CPU", 2}}, {}}, 2}, {{{{"GPU", 1}}, {}}, 1}}));
  ASSERT_TRUE(ray.put_key("", key, "[]", soon()).ok());
  EXPECT_EQ(ray.state(soon())->load.asked, std::vector<Demand>{});
}

void expect_too_late_is_transient(RayCluster& ray) {
  const auto late = ray.view(in(Millis{-1}));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().fault, Fault::kTransient);
  EXPECT_EQ(late.error().code, ErrorCode::kRayUnreachable);
}

}  // namespace

void expect_what_gcs_keeps(RayCluster& ray, const CloudId& head) {
  const auto view = ray.view(soon());
  ASSERT_TRUE(view.ok()) << view.error().message;
  const RayNode node = view->nodes.at(head);
  EXPECT_EQ(node.type, "head");
  EXPECT_TRUE(node.total.contains("node:__internal_head__"));
  const auto info = ray.head_info(soon());
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->node_id, node.node_id);
  EXPECT_EQ(info->ip, node.ip);
  EXPECT_FALSE(info->temp_dir.empty());
  EXPECT_TRUE(info->session_dir.starts_with(info->temp_dir + "/session_")) << info->session_dir;
  expect_quiet_load(ray);
  expect_keys_are_kept(ray);
  expect_older_reports_are_dropped(ray);
}

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
  EXPECT_EQ(node.available.at("CPU"), 1.0);

  const auto version = ray->version(soon());
  ASSERT_TRUE(version.ok()) << version.error().message;
  EXPECT_EQ(*version, cluster.version);

  expect_what_gcs_keeps(*ray, head);
  expect_what_old_drivers_ask_for(*ray);
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
