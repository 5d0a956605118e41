#include <sys/stat.h>

#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "cli/access/ssh_pool.h"
#include "cli/autoscale/lease_process.h"
#include "cli/autoscale/service.h"
#include "cli/autoscale/worker_key.h"
#include "tests/hosts/private_network.h"

namespace rayctl {
namespace {

/// The parts of an autoscaler beside the head, over SSH.
class AutoscaleOverSsh : public testing::Test {
 public:
  void SetUp() override {
    clear_hosts();
    for (const char* left : {".rayctl", ".ssh", "started"})
      std::filesystem::remove_all(home / left);
  }
  std::filesystem::path home = lab::folder() / "n1/home/ubuntu";
  Remote head{lab::settings("n1")};
  SystemClock clock;
};

TEST_F(AutoscaleOverSsh, TheLeaseIsSharedWithTheHeadsOwnUser) {
  const auto there = shared_file(head.runner, "~/.rayctl/autoscaler/lease");
  Lease ana(*there, this_party("ana", LeaseKind::kOperator, "0.4"), clock,
            gone_on(head.runner, clock));
  ASSERT_TRUE(ana.take(Millis{0}, {}));
  ASSERT_TRUE(ana.still_mine(clock.now() + Millis{60'000}));
  Remote other(lab::settings("n1"));
  const auto again = shared_file(other.runner, "~/.rayctl/autoscaler/lease");
  Lease bo(*again, this_party("bo", LeaseKind::kOperator, "0.4"), clock,
           gone_on(other.runner, clock));
  EXPECT_EQ(*bo.try_take(), LeaseAnswer::kHeld);
  EXPECT_EQ(bo.seen()->owner, "ana");
  ASSERT_TRUE(ana.release());
  EXPECT_EQ(*bo.try_take(), LeaseAnswer::kTaken);
}

TEST_F(AutoscaleOverSsh, TheServiceRunsThereAndEndsThere) {
  const std::filesystem::path program = home / ".rayctl/autoscaler/bundle-d1/program";
  std::filesystem::create_directories(program);
  std::ofstream(program / "ld.so") << "#!/bin/sh\necho \"$*\" >>~/started\nexec sleep 60\n";
  ::chmod((program / "ld.so").c_str(), 0755);
  AutoscalerService service(head.runner, clock, {"c1"});
  ASSERT_TRUE(service.start("~/.rayctl/autoscaler/bundle-d1", soon()));
  while (!std::filesystem::exists(home / "started"))
    clock.sleep(Millis{20}, {});
  // It outlives the connection.
  Remote later(lab::settings("n1"));
  AutoscalerService seen(later.runner, clock, {"c1"});
  const auto runs = seen.runs(soon());
  ASSERT_TRUE(runs && runs->size() == 1U);
  EXPECT_EQ(runs->at(0).op.state, OpStatus::State::kRunning);
  ASSERT_TRUE(seen.stop_all(Millis{5'000}, soon()));
  EXPECT_EQ(seen.runs(soon())->at(0).op.state, OpStatus::State::kDone);
}

TEST_F(AutoscaleOverSsh, TheClustersKeyOpensAMachineUntilItIsWithdrawn) {
  const std::filesystem::path folder = lab::folder() / "client/worker-key";
  const Result<std::filesystem::path> key = ensure_worker_key(folder, {"c1"});
  ASSERT_TRUE(key);
  ASSERT_TRUE(
      authorize_worker_key(head.runner, *read_file(key->string() + ".pub"), {"c1"}, soon()));
  PrivateNetwork network;
  std::ostringstream out;
  std::istringstream in;
  const auto opens = [&] {
    // As on the head: the file's key is not there, and the environment names the cluster's.
    const Io io{.out = out, .err = out, .in = in, .env = [&](const std::string& name) {
                  return name == "RAYCTL_SSH_KEY" ? std::optional(key->string()) : std::nullopt;
                }};
    Config config = network.config;
    config.auth["ssh_private_key"] = "/nowhere";
    SshPool pool(ssh_logins(config, io), std::make_shared<MemoryHostKeys>(), {});
    const auto connection =
        pool.connection({.node = lab::address("n1"), .address = lab::address("n1")});
    return connection && SshRunner(*connection).run(sh("true"), soon()).ok();
  };
  EXPECT_TRUE(opens());
  ASSERT_TRUE(withdraw_worker_key(head.runner, {"c1"}, soon()));
  EXPECT_FALSE(opens());
}

}  // namespace
}  // namespace rayctl
