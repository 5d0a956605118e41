#include "tests/contract/provider_contract.h"
#include "tests/python/class_place.h"

namespace rayctl {
namespace {

/// As the cluster's lock has it: one client of a cluster launches at a time.
class LockedProvider final : public Provider {
 public:
  LockedProvider(std::unique_ptr<Provider> provider, std::mutex& launching)
      : provider_(std::move(provider)), launching_(launching) {}
  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline) override {
    return provider_->list(cluster, deadline);
  }
  Result<std::vector<CloudNode>> create(const LaunchRequest& request, Time deadline) override {
    const std::lock_guard guard(launching_);
    return provider_->create(request, deadline);
  }
  Result<> set_tags(const CloudId& id, const Tags& tags, Time deadline) override {
    return provider_->set_tags(id, tags, deadline);
  }
  Result<> terminate(const CloudId& id, Time deadline) override {
    return provider_->terminate(id, deadline);
  }

 private:
  const std::unique_ptr<Provider> provider_;
  std::mutex& launching_;
};

ProviderFactory class_with_tags(const char* tags) {
  return [tags] {
    const auto place = std::make_shared<ClassPlace>("simple.SimpleProvider", Json{{"tags", tags}});
    const auto again = [place]() -> std::unique_ptr<Provider> {
      return std::make_unique<LockedProvider>(place->client(), place->launching);
    };
    return ProviderUnderTest{again(), again, place};
  };
}

/// A class that keeps its tags, one whose later tags are gone with its process, one that refuses
/// them, one that ignores them, and one that keeps none at all.
INSTANTIATE_TEST_SUITE_P(PythonClass, ProviderContract,
                         testing::Values(class_with_tags("kept"), class_with_tags("forgetful"),
                                         class_with_tags("readonly"), class_with_tags("deaf"),
                                         class_with_tags("none")));

}  // namespace
}  // namespace rayctl
