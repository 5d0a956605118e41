#include <gtest/gtest.h>

#include "tests/contract/ray_cluster_contract.h"
#include "tests/support/ray/gcs_server.h"
#include "tests/support/ray/ray_head.h"

namespace rayctl::testing {
namespace {

TEST(RayClusterContract, TheServerInTheTestProcess) {
  GcsServer server("a-token");
  RayNode head;
  head.node_id = std::string(56, '7');
  head.idle = true;
  head.ip = "127.0.0.1";
  head.type = "head";
  head.total = head.available = {{"CPU", 1}, {"node:__internal_head__", 1}};
  server.put("i-head", head);
  expect_ray_cluster_contract({server.endpoint(), "a-token", "i-head", head.ip, "2.60.0"});
}

TEST(RayClusterContract, ARealHead) {
  RayHead head;
  expect_ray_cluster_contract(
      {head.endpoint(), head.token(), head.instance(), head.ip(), "2.60.0"});
  EXPECT_EQ(head.stop(), 0) << "processes that did not end by themselves";
  if (::testing::Test::HasFailure()) GTEST_LOG_(INFO) << head.log();
}

}  // namespace
}  // namespace rayctl::testing
