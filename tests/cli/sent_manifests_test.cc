#include "cli/sent_manifests.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "config/digests.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

Manifest files(const std::map<std::string, std::string>& contents) {
  Manifest manifest;
  for (const auto& [path, content] : contents)
    manifest.entries.push_back({path, 0644, content.size(), std::string(60, 'a') + content});
  return manifest;
}

class SentManifestsTest : public testing::Test {
 protected:
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  const fs::path folder_ = fs::temp_directory_path() / ("rayctl-sent-" + std::to_string(getpid()));
  const Manifest old_ = files({{"a", "1111"}, {"b\n \"c", "2222"}});
  const Manifest now_ = files({{"a", "1111"}, {"b\n \"c", "333"}, {"d", "4"}});
  const Digest old_digest_ = manifest_digest(old_), now_digest_ = manifest_digest(now_);
};

TEST_F(SentManifestsTest, AreFoundByAnotherProcess) {
  SentManifests(folder_).keep(old_digest_, old_);
  EXPECT_EQ(SentManifests(folder_).find(old_digest_), old_);
  EXPECT_EQ(SentManifests(folder_).find(now_digest_), std::nullopt);
}

TEST_F(SentManifestsTest, AreNotBelievedWhenDamaged) {
  SentManifests(folder_).keep(old_digest_, old_);
  fs::resize_file(folder_ / old_digest_.text, fs::file_size(folder_ / old_digest_.text) - 9);
  EXPECT_EQ(SentManifests(folder_).find(old_digest_), std::nullopt);
}

TEST_F(SentManifestsTest, GoWhenNoNodeHasThem) {
  SentManifests sent(folder_);
  sent.keep(old_digest_, old_);
  sent.keep(now_digest_, now_);
  Snapshot snapshot;
  snapshot.nodes[{"cpu-1"}].applied.files = {"f2"};
  snapshot.breakdown[{"f2"}][mount_field("~/app")] = now_digest_;
  sent.drop_unused(snapshot);
  EXPECT_EQ(sent.find(old_digest_), std::nullopt);
  EXPECT_EQ(sent.find(now_digest_), now_);
}

TEST_F(SentManifestsTest, SayWhatEachNodeIsSent) {
  SentManifests sent(folder_);
  sent.keep(old_digest_, old_);
  Desired desired;
  NodeSpec& spec = desired.specs[{"cpu"}];
  spec.digests.files = {"f3"};
  spec.file_mounts = {{"~/app", "/app", now_digest_}};
  Snapshot snapshot;
  const auto node = [&](const std::string& name, const Digest& has, const Digest& mount) {
    snapshot.nodes[{name}].type = {"cpu"};
    snapshot.nodes[{name}].applied.files = has;
    if (!mount.empty()) snapshot.breakdown[has][mount_field("~/app")] = mount;
  };
  node("cpu-1", {"f1"}, old_digest_);
  node("cpu-2", {"f2"}, {"forgotten"});
  node("cpu-3", {"f3"}, now_digest_);
  node("cpu-4", {"imported"}, {});
  const auto sends = mount_changes(desired, snapshot, {{now_digest_, now_}}, sent);
  using Changes = std::vector<MountChange>;
  EXPECT_EQ(sends, (std::map<std::pair<Digest, Digest>, Changes>{
                       {{{}, {"f3"}}, {{"~/app", {.added = 3, .bytes = 8}}}},
                       {{{"f1"}, {"f3"}}, {{"~/app", {.added = 1, .changed = 1, .bytes = 4}}}},
                   }));
}

}  // namespace
}  // namespace rayctl
