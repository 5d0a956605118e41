#pragma once
#include <memory>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "providers/gcp/client.h"
#include "providers/gcp/ending.h"
#include "providers/gcp/gcp_provider.h"
#include "providers/gcp/launching.h"
#include "providers/gcp/machine_types.h"
#include "providers/gcp/resources.h"
#include "providers/gcp/tpu_nodes.h"

namespace rayctl::gcp {

/// Everything of one cluster in Google Cloud, put together: what its Provider and its CloudDesk
/// share. Thread-safe.
class GceCluster {
 public:
  GceCluster(GcpSettings settings, std::unique_ptr<Client> api, GcePlace place);

  Api& api() { return *api_; }
  Clock& clock() { return settings_.clock; }
  const Config& config() const { return settings_.config; }
  const std::string& home() const { return settings_.home; }
  const GcePlace& place() const { return facts_.place; }
  const WantedFacts& facts() const { return facts_; }
  Labelling& labelling() { return labelling_; }
  Ending& ending() { return ending_; }
  TpuNodes& tpus() { return tpus_; }
  Resources& resources() { return resources_; }
  MachineTypes& machine_types() { return machine_types_; }

  /// Machines and TPUs of the cluster. TPUs are looked for whether or not the config has any: one
  /// may be left of a type that it had.
  Result<std::vector<CloudNode>> list(const ClusterName& cluster, Time deadline);
  Result<std::vector<CloudNode>> launch(const LaunchRequest& request, Time deadline);
  /// The node config with what a launch adds to it.
  Result<Json> completed(const Json& node_config, bool head, Time deadline);

 private:
  ResourceSettings resource_settings_of_run();
  /// What the config's template gives; null where it names none.
  Result<Json> template_of(const Json& node_config, Time deadline);
  Result<std::vector<CloudNode>> list_tpus(const ClusterName& cluster, Time deadline);

  const GcpSettings settings_;
  const WantedFacts facts_;
  const GceSettings gce_;
  std::unique_ptr<HttpClient> http_;  ///< for what is no call of Google's services
  std::unique_ptr<Client> api_;
  InstanceIndex index_;
  Labelling labelling_;
  Ending ending_;
  TpuNodes tpus_;
  Launching launching_;
  Resources resources_;
  MachineTypes machine_types_;
};

}  // namespace rayctl::gcp
