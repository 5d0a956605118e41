#include "cli/autoscale/taken_over.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "model/codec.h"
#include "tests/support/state_store_fake.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

NodeRecord node(Phase phase, const char* id) {
  return {.type = {"cpu"}, .provider = {"local"}, .id = {id}, .phase = phase};
}

OpenOp stopping(const char* token, const char* name) {
  return {.token = {token}, .action = StopRay{.node = {name}}, .begun_at = Time{}};
}

TEST(TakenOver, WhatTheOperatorIsBusyWithIsNotGiven) {
  Snapshot now{.cluster_id = {"c1"}};
  now.nodes = {{{"cpu-1"}, node(Phase::kReady, "a")},
               {{"cpu-2"}, node(Phase::kLaunched, "b")},
               {{"cpu-3"}, node(Phase::kReady, "c")}};
  now.open = {stopping("t", "cpu-3")};
  now.resources[{"key-pair"}] = {.title = "mine"};
  now.pins = {{"host-key", {{"a", "ssh-ed25519 SHA256:x"}}}, {kImagePin, {{"latest", "ami-1"}}}};
  const Result<Snapshot> given = decode_snapshot(to_hand_over(now));
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->open.empty());
  ASSERT_EQ(given->nodes.size(), 1U);
  EXPECT_TRUE(given->nodes.contains({"cpu-1"}));
  EXPECT_EQ(given->resources, now.resources);
  EXPECT_EQ(given->pins, now.pins);
  EXPECT_EQ(given->cluster_id, now.cluster_id);
}

TEST(TakenOver, WhatItHasBegunItselfItGoesOnWith) {
  Snapshot own, given;
  own.nodes = {{{"cpu-1"}, node(Phase::kDraining, "mine")}, {{"cpu-9"}, node(Phase::kReady, "z")}};
  own.open = {stopping("t", "cpu-1")};
  own.highest = {{{"cpu"}, 9}, {{"gpu"}, 1}};
  given.nodes = {{{"cpu-1"}, node(Phase::kReady, "theirs")}, {{"cpu-2"}, node(Phase::kReady, "b")}};
  given.highest = {{{"cpu"}, 4}, {{"gpu"}, 3}};
  const Snapshot made = taken_over(own, given);
  EXPECT_EQ(made.open, own.open);
  EXPECT_EQ(made.nodes.at({"cpu-1"}), own.nodes.at({"cpu-1"}));
  EXPECT_EQ(made.nodes.at({"cpu-2"}), given.nodes.at({"cpu-2"}));
  EXPECT_FALSE(made.nodes.contains({"cpu-9"})) << "if its machine lives, its tags say so";
  EXPECT_EQ(made.highest, (std::map<NodeTypeName, int>{{{"cpu"}, 9}, {{"gpu"}, 3}}));
}

class TakenOverFiles : public testing::Test {
 public:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "taken-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    fs::create_directories(folder / "bundle");
    fs::create_directories(folder / "state");
  }
  void TearDown() override { fs::remove_all(folder); }
  void give(const char* name) const {
    Snapshot now;
    now.nodes = {{{name}, node(Phase::kReady, name)}};
    std::ofstream(folder / "bundle" / "records.json") << to_hand_over(now);
  }
  Result<> take() { return take_over_records(store, folder / "bundle", folder / "state"); }
  bool knows(const char* name) { return store.load()->nodes.contains({name}); }

  fs::path folder;
  StateStoreFake store;
};

TEST_F(TakenOverFiles, AreTakenOnce) {
  EXPECT_TRUE(take()) << "a bundle without them";
  give("cpu-1");
  ASSERT_TRUE(take());
  EXPECT_TRUE(knows("cpu-1"));
  // What came of them since then stays, also when it starts again.
  ASSERT_TRUE(store.replace({}, store.load()->serial));
  ASSERT_TRUE(take());
  EXPECT_FALSE(knows("cpu-1"));
  give("cpu-2");
  ASSERT_TRUE(take());
  EXPECT_TRUE(knows("cpu-2"));
}

TEST_F(TakenOverFiles, ThatCannotBeReadChangeNothing) {
  give("cpu-1");
  ASSERT_TRUE(take());
  std::ofstream(folder / "bundle" / "records.json") << "{";
  EXPECT_FALSE(take());
  EXPECT_TRUE(knows("cpu-1"));
}

}  // namespace
}  // namespace rayctl
