#pragma once
#include "providers/gcp/gcp_provider.h"
#include "tests/support/lab/lab_cloud.h"

namespace rayctl {

/// The GCP lab's project, and clients of it.
class Project : public LabCloud {
 public:
  Project();
  gcp::GcpParts make();
};

}  // namespace rayctl
