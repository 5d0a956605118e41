#include "tests/aws_lab/account.h"

#include <gtest/gtest.h>

namespace rayctl {

Account::Account() : LabCloud("AWS_ENDPOINT_URL", "account") {
  config.provider = {"aws"};
  config.provider_settings = {{"region", "us-west-2"}};
  config.rayctl.ssh_cidr = {"172.31.0.0/16"};
}

aws::AwsParts Account::make() {
  Result<aws::AwsParts> parts = aws::make_aws({.config = config,
                                               .clock = clock,
                                               .env = env,
                                               .home = home,
                                               .who = "ana@laptop",
                                               .cache = home,
                                               .run = {}});
  EXPECT_TRUE(parts) << parts.error().message;
  return *std::move(parts);
}

}  // namespace rayctl
