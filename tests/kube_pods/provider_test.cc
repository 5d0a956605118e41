// The provider's contract, and what Kubernetes adds to it, on a small API server in memory. The
// same contract runs on a real one in tests/kube_lab.
#include "tests/contract/provider_contract.h"
#include "tests/kube_pods/fake_api.h"

#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/kubernetes_provider.h"

namespace rayctl::kubernetes {
namespace {

const Json kPod = {{"metadata", {{"generateName", "ray-worker-"}}},
                   {"spec", {{"containers", {{{"name", "ray"}, {"image", "ray"}}}}}}};
constexpr char kPods[] = "/api/v1/namespaces/ray/pods";

Config config_of_one() {
  Config config;
  config.cluster = {"one"};
  config.provider = {"kubernetes"};
  config.head_type = {"main"};
  config.node_types.resize(2);
  config.node_types[0].name = {"main"};
  config.node_types[1].name = {"cpu"};
  for (NodeTypeConfig& type : config.node_types)
    type.node_config = kPod;
  return config;
}

ProviderUnderTest on_a_fake() {
  struct Place {
    SystemClock clock;
    std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  };
  const auto place = std::make_shared<Place>();
  const auto again = [place] {
    return make_kubernetes({config_of_one(), place->clock, place->api, "ray", false});
  };
  return {again(), again, place, kPod};
}

}  // namespace
}  // namespace rayctl::kubernetes

namespace rayctl {
INSTANTIATE_TEST_SUITE_P(FakeKubernetes, ProviderContract,
                         testing::Values(ProviderFactory(kubernetes::on_a_fake)));
}

namespace rayctl::kubernetes {
namespace {

class KubernetesProviderTest : public testing::Test {
 public:
  std::unique_ptr<Provider> provider(bool in_cluster = false) {
    return make_kubernetes({config, clock, api, "ray", in_cluster});
  }
  Time soon() { return clock.now() + Millis{2'000}; }
  LaunchRequest request(int count) {
    spec.type = {"cpu"};
    spec.launch = kPod;
    LaunchRequest result{scope.cluster, {}, &spec, {"t1"}, {}};
    for (int i = 1; i <= count; ++i)
      result.nodes.push_back({"cpu-" + std::to_string(i)});
    result.tags = launch_tags(scope.cluster, scope.cluster_id, spec, result.token);
    return result;
  }
  void add_objects() {
    config.provider_settings = {
        {"autoscaler_service_account", {{"metadata", {{"name", "auto"}}}}},
        {"autoscaler_role", {{"metadata", {{"name", "auto"}}}, {"rules", Json::array()}}},
        {"autoscaler_role_binding",
         {{"metadata", {{"name", "auto"}}},
          {"subjects", {{{"kind", "ServiceAccount"}, {"name", "auto"}}}}}},
        {"services", {{{"metadata", {{"name", "head"}}}, {"spec", {{"ports", {1}}}}}}}};
  }
  void make_all(Provider& from) {
    const auto seen = from.list_resources(scope, soon());
    ASSERT_TRUE(seen) << seen.error().message;
    for (const ResourceSpec& each : seen->wanted) {
      const auto made = from.make_resource(scope, each, soon());
      ASSERT_TRUE(made) << made.error().message;
      scope.known[each.name] = {each.provider, made->title, made->id,
                                made->cluster == scope.cluster_id, each.needs};
    }
  }
  std::vector<ResourceName> names() {
    std::vector<ResourceName> all;
    for (const auto& [name, record] : scope.known)
      all.push_back(name);
    return all;
  }

  SystemClock clock;
  std::shared_ptr<FakeApi> api = std::make_shared<FakeApi>();
  Config config = config_of_one();
  NodeSpec spec;
  ResourceScope scope{.cluster = {"one"}, .cluster_id = {"id-1"}, .known = {}};
};

TEST_F(KubernetesProviderTest, NamesAndAllTagsAreInTheCallThatMakesAPod) {
  LaunchRequest asked = request(2);
  asked.named_tags = [](const NodeName& name) {
    return Tags{{kTagNode, name.text}, {kTagApplied, "l=1,d="}};
  };
  const auto made = provider()->create(asked, soon());
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->size(), 2U);
  EXPECT_EQ(made->at(0).name, NodeName{"cpu-1"});
  EXPECT_EQ(made->at(0).tags.at(kTagApplied), "l=1,d=");
  EXPECT_EQ(api->calls("POST"), 2);
  const Json pod = api->at(std::string(kPods) + "/" + made->at(0).id.text);
  EXPECT_EQ(pod["metadata"]["labels"][kTagNode], "cpu-1");
  EXPECT_EQ(pod["metadata"]["annotations"][kTagApplied], "l=1,d=");
  EXPECT_FALSE(pod["metadata"].contains("generateName"));
}

TEST_F(KubernetesProviderTest, AnAnswerThatWasLostMakesNoSecondPod) {
  const auto place = provider();
  api->after_effect = unknown_outcome(ErrorCode::kProviderUnavailable, "cut");
  EXPECT_EQ(place->create(request(1), soon()).error().fault, Fault::kUnknown);
  const auto again = place->create(request(1), soon());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(api->paths().size(), 1U);
}

TEST_F(KubernetesProviderTest, APodOfThatNameThatIsNotOursIsNotTaken) {
  const auto place = provider();
  const std::string path =
      std::string(kPods) + "/" + place->create(request(1), soon())->front().id.text;
  Json pod = api->at(path);
  pod["metadata"]["labels"][kTagOp] = "another";
  api->put(path, pod);
  EXPECT_EQ(place->create(request(1), soon()).error().code, ErrorCode::kForeignMachine);
}

TEST_F(KubernetesProviderTest, WhatTheQuotaDoesNotAllowIsLeftOutAndSaid) {
  api->most_pods = 3;
  std::string why;
  LaunchRequest asked = request(100);
  asked.why_fewer = &why;
  const auto made = provider()->create(asked, soon());
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 3U);
  EXPECT_NE(why.find("exceeded quota: few"), std::string::npos) << why;
  EXPECT_LT(api->calls("POST"), 100) << "one refusal says it for all";
}

TEST_F(KubernetesProviderTest, AChangeIsAwaitedByAWatchFromTheLastList) {
  const auto place = provider();
  EXPECT_FALSE(place->await_change({"one"}, soon(), {})) << "nothing was listed";
  EXPECT_TRUE(api->watches.empty());
  ASSERT_TRUE(place->create(request(1), soon()));
  ASSERT_TRUE(place->list({"one"}, soon()));
  EXPECT_TRUE(place->await_change({"one"}, soon(), {}));
  ASSERT_EQ(api->watches.size(), 1U);
  EXPECT_EQ(api->watches[0],
            std::string(kPods) + "?labelSelector=ray-cluster-name%3Done from " + api->version());
  api->watched = Watched{WatchEnd::kExpired, "1"};
  EXPECT_TRUE(place->await_change({"one"}, soon(), {})) << "it may have changed";
  api->watched = permanent(ErrorCode::kCredentials, "cannot watch pods");
  EXPECT_FALSE(place->await_change({"one"}, soon(), {})) << "who may not watch looks again later";
}

TEST_F(KubernetesProviderTest, AMissingRightIsNamed) {
  api->denied = {"create pods"};
  const auto made = provider()->create(request(1), soon());
  EXPECT_EQ(made.error().code, ErrorCode::kCredentials);
  EXPECT_NE(made.error().message.find("cannot create pods"), std::string::npos);
}

TEST_F(KubernetesProviderTest, ObjectsAreMadeComparedAndRemoved) {
  add_objects();
  const auto place = provider();
  make_all(*place);
  EXPECT_EQ(api->paths().size(), 5U);
  auto seen = place->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->seen.size(), 5U);
  for (const SeenResource& each : seen->seen) {
    EXPECT_EQ(each.differs, "") << each.name.text;
    EXPECT_EQ(each.cluster, scope.cluster_id);
    EXPECT_EQ(each.id, scope.known.at(each.name).id);
  }
  config.provider_settings["services"][0]["spec"]["ports"] = {2};
  seen = provider()->list_resources(scope, soon());
  for (const SeenResource& each : seen->seen)
    EXPECT_EQ(each.differs.empty(), each.name.text != "service head") << each.name.text;
  for (const ResourceName& name : names())
    EXPECT_TRUE(place->remove_resource(scope, name, soon()));
  EXPECT_TRUE(api->paths().empty());
}

TEST_F(KubernetesProviderTest, WhatWasThereIsUsedAndNeverWritten) {
  add_objects();
  api->put("/api/v1/namespaces/ray", Json::object());
  api->put("/api/v1/namespaces/ray/services/head", {{"spec", {{"ports", {9}}}}});
  const auto place = provider();
  const auto seen = place->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->notes.size(), 2U);
  make_all(*place);
  EXPECT_EQ(api->at("/api/v1/namespaces/ray/services/head")["spec"]["ports"], Json({9}));
  for (const ResourceName& name : names())
    EXPECT_TRUE(place->remove_resource(scope, name, soon()));
  EXPECT_EQ(api->paths().size(), 2U);
}

TEST_F(KubernetesProviderTest, AFieldThatAnotherManagerHoldsIsNotTaken) {
  add_objects();
  const auto place = provider();
  make_all(*place);
  api->held.insert("/api/v1/namespaces/ray/services/head");
  const auto seen = place->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->blocked.size(), 1U);
  EXPECT_NE(seen->blocked[0].summary.find("argocd-controller"), std::string::npos);
}

TEST_F(KubernetesProviderTest, ANamespaceOfOursStaysForWhatOthersPutIntoIt) {
  const auto place = provider();
  make_all(*place);
  api->put("/api/v1/namespaces/ray/configmaps/kube-root-ca.crt", Json::object());
  api->put("/api/v1/namespaces/ray/configmaps/theirs", Json::object());
  ASSERT_TRUE(place->remove_resource(scope, {"namespace"}, soon()));
  const Json left = api->at("/api/v1/namespaces/ray");
  ASSERT_FALSE(left.is_null());
  EXPECT_EQ(find_in(left, {"metadata", "labels", kTagClusterId}), nullptr);
}

TEST_F(KubernetesProviderTest, WhatHoldsADeletedObjectIsSaid) {
  add_objects();
  const auto place = provider();
  make_all(*place);
  const std::string path = "/api/v1/namespaces/ray/services/head";
  Json service = api->at(path);
  service["metadata"]["finalizers"] = {"example.com/hold"};
  api->put(path, service);
  const auto removed = place->remove_resource(scope, {"service head"}, clock.now() + Millis{200});
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().fault, Fault::kTransient);
  EXPECT_NE(removed.error().message.find("example.com/hold"), std::string::npos);
}

TEST_F(KubernetesProviderTest, AnotherKubernetesBlocksThePlan) {
  const auto place = provider();
  make_all(*place);
  const Json space = api->at("/api/v1/namespaces/ray");
  api = std::make_shared<FakeApi>();
  api->put("/api/v1/namespaces/other-first", Json::object());
  api->put("/api/v1/namespaces/kube-system", {{"metadata", {{"uid", "another"}}}});
  api->put("/api/v1/namespaces/ray", space);
  const auto seen = provider()->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->blocked.size(), 1U);
  EXPECT_NE(seen->blocked[0].summary.find("another Kubernetes"), std::string::npos);
}

TEST_F(KubernetesProviderTest, APodOfTheClusterUsesWhatIsRecorded) {
  add_objects();
  make_all(*provider());
  api->calls("GET");
  const auto seen = provider(true)->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen.size(), 5U);
  EXPECT_EQ(api->calls("GET"), 0);
}

TEST_F(KubernetesProviderTest, ANamespaceThatMayNotBeSeenIsTakenAsThere) {
  api->denied = {"get namespaces"};
  const auto seen = provider()->list_resources(scope, soon());
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_EQ(seen->seen.size(), 1U);
  EXPECT_EQ(seen->notes.size(), 1U);
}

TEST_F(KubernetesProviderTest, AllMistakesAreToldAtOnce) {
  add_objects();
  config.provider_settings["services"][0]["metadata"] = {{"name", "Big"}, {"namespace", "x"}};
  config.provider_settings["autoscaler_role"]["kind"] = "ClusterRole";
  config.node_types[0].node_config["metadata"]["name"] = "fixed";
  config.node_types[1].name = {"no label!"};
  config.node_types[1].node_config["spec"]["containers"] = Json::array();
  const auto seen = provider()->list_resources(scope, soon());
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->blocked.size(), 6U);
}

}  // namespace
}  // namespace rayctl::kubernetes
