#include <gtest/gtest.h>

#include "config/config.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

constexpr char kLab[] = R"(cluster_name: lab
provider:
  type: local
  head_ip: 10.0.0.1
  worker_ips: [10.0.0.2, 10.0.0.3]
auth: {ssh_user: ubuntu}
)";

TEST(PrivateHosts, MayBeReachedInWaysOfTheirOwn) {
  const Config config = good(std::string(kLab) + R"(rayctl:
  ssh: {port: 2222, login_shell: false, connect_timeout_s: 2.5, keepalive_s: 30, jump: head}
  hosts:
    10.0.0.3: {ssh_user: ana, ssh_private_key: ~/.ssh/ana, ssh_port: 22}
)");
  const SshKeys ssh{.port = 2222,
                    .login_shell = false,
                    .connect_timeout_s = 2.5,
                    .keepalive_s = 30,
                    .jump_through_head = true};
  EXPECT_EQ(config.rayctl.ssh, ssh);
  const std::map<std::string, HostLogin> hosts{
      {"10.0.0.3", {.user = "ana", .private_key = "~/.ssh/ana", .port = 22}}};
  EXPECT_EQ(config.rayctl.hosts, hosts);
}

TEST(PrivateHosts, AreReachedAsRayReachesThemByDefault) {
  const Config config = good(kLab);
  EXPECT_EQ(config.rayctl.ssh, SshKeys{});
  EXPECT_TRUE(config.rayctl.ssh.login_shell);
  EXPECT_EQ(config.rayctl.ssh.port, 22);
  EXPECT_TRUE(config.rayctl.hosts.empty());
}

}  // namespace
}  // namespace rayctl
