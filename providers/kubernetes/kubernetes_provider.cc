#include "providers/kubernetes/kubernetes_provider.h"

#include <utility>

#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/objects.h"
#include "providers/kubernetes/pod_manifest.h"
#include "providers/kubernetes/pod_resources.h"
#include "providers/kubernetes/pods.h"
#include "providers/kubernetes/wanted_objects.h"

namespace rayctl::kubernetes {
namespace {

std::vector<Diagnostic> mistakes_in(const Config& config, const std::string& space) {
  std::vector<Diagnostic> all = pod_mistakes(config, space);
  for (Diagnostic& each : object_mistakes(config, space))
    all.push_back(std::move(each));
  return all;
}

class KubernetesProvider final : public Provider {
 public:
  explicit KubernetesProvider(KubernetesSettings settings)
      : api_(std::move(settings.api)),
        pods_(*api_, settings.space),
        objects_(*api_, settings.clock,
                 {.space = settings.space,
                  .wanted = wanted_objects(settings.config, settings.space),
                  .mistakes = mistakes_in(settings.config, settings.space),
                  .in_cluster = settings.in_cluster}) {}

  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override {
    return pods_.list(cluster, deadline);
  }
  bool await_change(const ClusterName& cluster, Time deadline, std::stop_token stop) override {
    return pods_.await_change(cluster, deadline, stop);
  }
  bool list_lags() const override { return false; }
  bool ends_silent() const override { return true; }
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override {
    return pods_.create(request, deadline);
  }
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override {
    return pods_.tag(id, tags, deadline);
  }
  Result<> terminate(const CloudId& id, Time deadline) override {
    return pods_.remove(id, deadline);
  }

  Result<SeenResources> list_resources(const ResourceScope& scope, Time deadline) override {
    return objects_.list(scope, deadline);
  }
  Result<SeenResource> make_resource(const ResourceScope& scope, const ResourceSpec& spec,
                                     Time deadline) override {
    return objects_.make(scope, spec, deadline);
  }
  Result<> remove_resource(const ResourceScope& scope, const ResourceName& name,
                           Time deadline) override {
    return objects_.remove(scope, name, deadline);
  }

  Result<std::vector<std::map<std::string, double>>> machine_resources(
      const std::vector<Json>& node_configs, Time) override {
    std::vector<std::map<std::string, double>> all;
    for (const Json& each : node_configs)
      all.push_back(pod_resources(each));
    return all;
  }

 private:
  const std::shared_ptr<Api> api_;
  Pods pods_;
  Objects objects_;
};

}  // namespace

std::unique_ptr<Provider> make_kubernetes(KubernetesSettings settings) {
  return std::make_unique<KubernetesProvider>(std::move(settings));
}

std::string space_of(const Config& config) {
  const std::string given = text_at(config.provider_settings, {"namespace"});
  return given.empty() ? "ray" : given;
}

}  // namespace rayctl::kubernetes
