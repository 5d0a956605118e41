#include "cli/autoscale/worker_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "net/ssh_key.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class WorkerKey : public testing::Test {
 public:
  WorkerKey() {
    std::string pattern = testing::TempDir() + "key-XXXXXX";
    home = ::mkdtemp(pattern.data());
    runner = std::make_unique<LocalRunner>(
        LocalRunnerSettings{.home = home, .env = {{"PATH", std::getenv("PATH")}}});
  }
  ~WorkerKey() override { fs::remove_all(home); }
  Time soon() { return clock.now() + Millis{20'000}; }
  std::string key(const std::string& name, const ClusterId& cluster) {
    const Result<fs::path> path = ensure_worker_key(home / name, cluster);
    EXPECT_TRUE(path);
    return trim(*read_file(path->string() + ".pub"));
  }
  static unsigned mode(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  }
  std::string keys() { return *read_file(home / ".ssh/authorized_keys"); }

  SystemClock clock;
  fs::path home;
  std::unique_ptr<LocalRunner> runner;
};

TEST_F(WorkerKey, IsMadeOnceForItsOwnerAlone) {
  const std::string line = key("cluster", {"c1"});
  EXPECT_TRUE(line.starts_with("ssh-ed25519 ")) << line;
  EXPECT_TRUE(line.ends_with(" rayctl-autoscaler-c1")) << line;
  EXPECT_EQ(key("cluster", {"c1"}), line);
  EXPECT_EQ(mode(home / "cluster/worker_key"), 0600U);
  const auto facts = read_ssh_key(*read_file(home / "cluster/worker_key"));
  ASSERT_TRUE(facts);
  EXPECT_TRUE(same_ssh_key(facts->public_line, line));
  EXPECT_FALSE(same_ssh_key(key("other", {"c2"}), line));
}

TEST_F(WorkerKey, IsPutInOnceAndTakenOutAgain) {
  const std::string mine = key("cluster", {"c1"}), other = key("other", {"c10"});
  ASSERT_TRUE(authorize_worker_key(*runner, mine, {"c1"}, soon()));
  EXPECT_EQ(keys(), mine + "\n");
  EXPECT_EQ(mode(home / ".ssh/authorized_keys"), 0600U);
  EXPECT_EQ(mode(home / ".ssh"), 0700U);
  const std::string ana = "ssh-ed25519 AAAA ana";
  std::ofstream(home / ".ssh/authorized_keys") << "# kept\n" << ana;  // without a line end
  ASSERT_TRUE(authorize_worker_key(*runner, other, {"c10"}, soon()));
  ASSERT_TRUE(authorize_worker_key(*runner, mine, {"c1"}, soon()));
  ASSERT_TRUE(authorize_worker_key(*runner, mine, {"c1"}, soon()));
  EXPECT_EQ(keys(), "# kept\n" + ana + "\n" + other + "\n" + mine + "\n");
  // A new key of the cluster takes the place of the old.
  const std::string next = key("again", {"c1"});
  ASSERT_TRUE(authorize_worker_key(*runner, next, {"c1"}, soon()));
  EXPECT_EQ(keys(), "# kept\n" + ana + "\n" + other + "\n" + next + "\n");
  ASSERT_TRUE(withdraw_worker_key(*runner, {"c1"}, soon()));
  ASSERT_TRUE(withdraw_worker_key(*runner, {"c1"}, soon()));
  EXPECT_EQ(keys(), "# kept\n" + ana + "\n" + other + "\n");
}

TEST_F(WorkerKey, WhereNoKeysAreNothingIsMadeToTakeOneOut) {
  ASSERT_TRUE(withdraw_worker_key(*runner, {"c1"}, soon()));
  EXPECT_FALSE(fs::exists(home / ".ssh"));
  EXPECT_FALSE(authorize_worker_key(*runner, "nonsense", {"c1"}, soon()));
  EXPECT_FALSE(fs::exists(home / ".ssh"));
}

TEST_F(WorkerKey, ALinkedFileStaysALinkAndKeepsItsMode) {
  fs::create_directories(home / ".ssh");
  std::ofstream(home / "real") << "ssh-ed25519 AAAA ana\n";
  ::chmod((home / "real").c_str(), 0640);
  fs::create_symlink("../real", home / ".ssh/authorized_keys");
  ASSERT_TRUE(authorize_worker_key(*runner, key("cluster", {"c1"}), {"c1"}, soon()));
  EXPECT_TRUE(fs::is_symlink(home / ".ssh/authorized_keys"));
  EXPECT_EQ(mode(home / "real"), 0640U);
  EXPECT_EQ(split(keys(), '\n').size(), 3U);
}

}  // namespace
}  // namespace rayctl
