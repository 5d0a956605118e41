#include "tests/gcp_lab/project.h"

#include <gtest/gtest.h>

namespace rayctl {

Project::Project() : LabCloud("GCPLAB_ADDRESS", "project") {
  config.provider = {"gcp"};
  config.provider_settings = {{"region", "us-west1"},
                              {"availability_zone", "us-west1-a,us-west1-b"}};
  config.auth = {{"ssh_user", "ubuntu"}};
  config.rayctl.ssh_cidr = {"10.0.0.0/8"};
}

gcp::GcpParts Project::make() {
  Result<gcp::GcpParts> parts = gcp::make_gcp({.config = config,
                                               .clock = clock,
                                               .env = env,
                                               .home = home,
                                               .who = "ana@laptop",
                                               .cache = home,
                                               .run = {},
                                               .impersonate = ""});
  EXPECT_TRUE(parts) << parts.error().message;
  return *std::move(parts);
}

}  // namespace rayctl
