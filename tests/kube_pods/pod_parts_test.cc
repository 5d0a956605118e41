#include <gtest/gtest.h>

#include <set>

#include "providers/kubernetes/pod_name.h"
#include "providers/kubernetes/pod_resources.h"
#include "providers/kubernetes/pod_tags.h"
#include "providers/kubernetes/quantity.h"

namespace rayctl::kubernetes {
namespace {

TEST(PodNameTest, IsAHostNameThatOneLaunchOfOneNodeHas) {
  const std::string name = pod_name("ray-worker-", {"ray.GPU_type-12"}, "c1", {"t1"});
  EXPECT_TRUE(name.starts_with("ray-worker-ray-gpu-type-12-")) << name;
  EXPECT_TRUE(is_object_name(name, true));
  std::set<std::string> others{name};
  others.insert(pod_name("ray-worker-", {"ray.GPU_type-12"}, "c1", {"t2"}));
  others.insert(pod_name("ray-worker-", {"ray.GPU_type-12"}, "c2", {"t1"}));
  others.insert(pod_name("ray-worker-", {"ray-gpu-type-12"}, "c1", {"t1"}));
  EXPECT_EQ(others.size(), 4U);
  for (const std::string& prefix : {std::string(), std::string(80, 'x'), std::string("-_-")}) {
    for (const char* node : {"small-1", "--", "a.very-long-name-of-a-type-that-goes-on-and-on-1"})
      EXPECT_TRUE(is_object_name(pod_name(prefix, {node}, "c", {"t"}), true)) << prefix << node;
  }
  EXPECT_NE(pod_name(std::string(80, 'x'), {"small-17"}, "c", {"t"}).find("small-17"),
            std::string::npos);
}

TEST(PodNameTest, LabelsAndNames) {
  for (const char* good : {"", "a", "A-b_c.9"})
    EXPECT_TRUE(is_label_value(good)) << good;
  for (const char* bad : {"-a", "a-", "a b", "l=1,d=", "a/b"})
    EXPECT_FALSE(is_label_value(bad)) << bad;
  EXPECT_FALSE(is_label_value(std::string(64, 'a')));
  EXPECT_TRUE(is_object_name("a.b"));
  EXPECT_FALSE(is_object_name("a.b", true));
  EXPECT_FALSE(is_object_name("Big"));
}

TEST(PodTagsTest, WhatCannotBeALabelIsAnAnnotation) {
  const Tags tags{{"ray-cluster-name", "one"}, {"rayctl-applied", "l=1,d="}};
  const Json made = tags_as_metadata(tags);
  EXPECT_EQ(made, Json({{"labels", {{"ray-cluster-name", "one"}}},
                        {"annotations", {{"rayctl-applied", "l=1,d="}}}}));
  EXPECT_EQ(tags_of({{"metadata", made}}), tags);
  Json changed = made;
  changed.merge_patch(tags_as_metadata({{"ray-cluster-name", "a b"}}, true));
  EXPECT_EQ(tags_of({{"metadata", changed}}).at("ray-cluster-name"), "a b");
  EXPECT_FALSE(changed["labels"].contains("ray-cluster-name"));
}

TEST(QuantityTest, AsKubernetesWritesThem) {
  const std::pair<const char*, double> good[] = {
      {"2", 2},          {"500m", 0.5},    {"1.5Gi", 1.5 * 1024 * 1024 * 1024},
      {"2k", 2000},      {"3e2", 300},     {"1E", 1e18},
      {"+4Mi", 4194304}, {"100u", 0.0001}, {"0", 0}};
  for (const auto& [text, value] : good) {
    ASSERT_TRUE(read_quantity(std::string_view(text))) << text;
    EXPECT_DOUBLE_EQ(*read_quantity(std::string_view(text)), value) << text;
  }
  for (const char* bad : {"", "x", "5Q", "1 Gi", "Gi"})
    EXPECT_FALSE(read_quantity(std::string_view(bad))) << bad;
  EXPECT_EQ(read_quantity(Json(3)), 3.0);
}

TEST(PodResourcesTest, LimitsBeforeRequestsOfRaysContainer) {
  const Json pod = {
      {"spec",
       {{"containers",
         {{{"name", "ray"},
           {"resources",
            {{"requests", {{"cpu", "1500m"}, {"memory", "512Mi"}, {"example.com/fpga", 2}}},
             {"limits",
              {{"memory", "2Gi"},
               {"nvidia.com/gpu", 1},
               {"google.com/tpu", "4"},
               {"hugepages-2Mi", "4Mi"}}}}}},
          {{"name", "side"}, {"resources", {{"limits", {{"cpu", 64}}}}}}}}}}};
  const std::map<std::string, double> offers = {
      {"CPU", 2}, {"memory", 1503238553}, {"GPU", 1}, {"TPU", 4}, {"example.com/fpga", 2}};
  EXPECT_EQ(pod_resources(pod), offers);
  EXPECT_EQ(pod_resources({{"pod", pod}}), offers);
  EXPECT_TRUE(pod_resources(Json::object()).empty());
}

}  // namespace
}  // namespace rayctl::kubernetes
