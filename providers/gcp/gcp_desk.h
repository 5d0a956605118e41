#pragma once
#include <memory>
#include <string>

#include "model/config.h"
#include "providers/cloud_desk.h"
#include "providers/gcp/api.h"
#include "providers/gcp/resources.h"

namespace rayctl::gcp {

/// What the desk of a cluster is made of. The references outlive it.
struct GceDeskSettings {
  Api& api;
  Clock& clock;
  Resources& resources;
  const Config& config;
  WantedFacts facts;
  std::string home;  ///< key files lie in its .ssh
  /// Kept alive with the desk: what the references lead to.
  std::shared_ptr<void> owner = nullptr;
};

std::unique_ptr<CloudDesk> make_gcp_desk(GceDeskSettings settings);

}  // namespace rayctl::gcp
