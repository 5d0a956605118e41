#include "transport/file_relay.h"

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/files.h"
#include "tests/contract/file_sync_contract.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// From the node under test, as the head, to another one on this machine.
struct Relayed {
  explicit Relayed(FileSyncContract& test)
      : from(test.runner), deadline(test.soon()), there(test.base / "worker") {
    fs::create_directories(there);
  }

  std::optional<SyncReport> send(const std::string& path) {
    const auto sent = relay->send(from, worker, path, deadline);
    EXPECT_TRUE(sent) << path << ": " << sent.error().message;
    return sent ? *sent : std::nullopt;
  }

  CommandRunner& from;
  const Time deadline;
  const fs::path there;
  LocalRunner worker{{.home = there.string(), .env = {{"PATH", std::getenv("PATH")}}}};
  std::unique_ptr<FileRelay> relay = std::make_unique<FileRelay>();
};

TEST_P(FileSyncContract, RelaysFoldersAndFilesToTheSamePlace) {
  Relayed to(*this);
  write("a", "1");
  write("d/with space", "2");
  fs::create_directories(base / "src/empty");
  fs::permissions(base / "src/a", fs::perms(0640));
  synced();
  EXPECT_EQ(to.send("~/app").value_or(SyncReport{}).delta, (FileDelta{.added = 2, .bytes = 2}));
  EXPECT_EQ(manifest_of(to.there / "app"), wanted());
  fs::remove_all(to.there / "app");
  to.send("~/app/d/with space");
  EXPECT_EQ(*read_file(to.there / "app/d/with space"), "2");
  EXPECT_FALSE(fs::exists(to.there / "app/a"));
}

TEST_P(FileSyncContract, RelaysNothingOfWhatIsNotThere) {
  Relayed to(*this);
  EXPECT_EQ(to.send("~/nothing"), std::nullopt);
  EXPECT_TRUE(fs::is_empty(to.there));
}

TEST_P(FileSyncContract, OneFetchServesAllRelaysAndNothingOfItStays) {
  setenv("TMPDIR", base.c_str(), 1);
  Relayed to(*this);
  write("a", "1");
  synced();
  to.send("~/app");
  write("a", "2");
  synced();
  fs::remove_all(to.there);
  fs::create_directories(to.there);
  to.send("~/app");
  EXPECT_EQ(*read_file(to.there / "app/a"), "1");
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(base)) {
    if (entry.path().filename().string().starts_with("rayctl-relay-"))
      folders.push_back(entry.path());
  }
  ASSERT_EQ(folders.size(), 1U);
  EXPECT_EQ(fs::status(folders[0]).permissions(), fs::perms(0700));
  to.relay.reset();
  EXPECT_FALSE(fs::exists(folders[0]));
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace rayctl
