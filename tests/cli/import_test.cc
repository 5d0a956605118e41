#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/overview.h"
#include "cli/pipeline.h"
#include "cli/ray_files.h"
#include "cli/ray_tags.h"
#include "cli/rebuild.h"
#include "model/tags.h"

namespace rayctl {
namespace {

Config demo() {
  Config config;
  config.cluster = {"demo"};
  config.provider = {"process"};
  config.head_type = {"head"};
  config.node_types = {{.name = {"head"}}, {.name = {"cpu"}}};
  return config;
}

CloudNode machine(const std::string& id, const std::string& cluster, const std::string& type,
                  const std::string& name, Power power = Power::kRunning) {
  CloudNode node{.id = {id}, .power = power, .head = type == "head", .internal_ip = "10.0.0.1"};
  if (!cluster.empty()) node.cluster = ClusterId{cluster};
  if (!type.empty()) node.type = NodeTypeName{type};
  if (!name.empty()) node.name = NodeName{name};
  return node;
}

Observed seen(const std::vector<CloudNode>& machines) {
  Observed observed;
  observed.machines.emplace(ProviderName{"process"}, machines);
  return observed;
}

TEST(Rebuild, RecordsWhatTheTagsSay) {
  const Rebuilt rebuilt = rebuild_snapshot(
      demo(), Desired{}, Snapshot{},
      {machine("i-1", "c1", "head", "head-1"), machine("i-2", "c1", "cpu", "cpu-7"),
       machine("i-3", "c1", "cpu", "cpu-9", Power::kGone)},
      "fresh");
  EXPECT_EQ(rebuilt.snapshot.cluster_id, ClusterId{"c1"});
  ASSERT_EQ(rebuilt.snapshot.nodes.size(), 2U) << "what is gone is not recorded";
  EXPECT_TRUE(rebuilt.snapshot.nodes.at({"head-1"}).head);
  EXPECT_EQ(rebuilt.snapshot.nodes.at({"cpu-7"}).id, CloudId{"i-2"});
  EXPECT_EQ(rebuilt.snapshot.highest.at({"cpu"}), 7);
  EXPECT_TRUE(rebuilt.foreign.empty());
  EXPECT_FALSE(rebuilt.snapshot.imported);
}

// A machine of ours says with our own digest how it was launched; one of Ray's with Ray's.
TEST(Rebuild, ComparesRaysLaunchDigestWhereOursIsMissing) {
  Desired desired;
  desired.specs[{"cpu"}].digests.launch = {"wanted"};
  CloudNode same = machine("i-1", "c1", "cpu", ""), other = machine("i-2", "c1", "cpu", ""),
            ours = machine("i-3", "c1", "cpu", "cpu-9");
  same.tags[kTagLaunchConfig] = "old-ray";
  other.tags[kTagLaunchConfig] = "something else";
  ours.tags = {{kTagLaunchConfig, "something else"}, {kTagApplied, "l=mine,d=,f=,s=,r=,y="}};
  const Rebuilt rebuilt = rebuild_snapshot(demo(), desired, Snapshot{}, {same, other, ours},
                                           "fresh", {{{"cpu"}, {"old-ray", "new-ray"}}});
  std::map<CloudId, Digest> launched;
  for (const auto& [name, record] : rebuilt.snapshot.nodes)
    launched[record.id] = record.applied.launch;
  EXPECT_EQ(launched[{"i-1"}], Digest{"wanted"});
  EXPECT_EQ(launched[{"i-2"}], Digest{}) << "unknown, so that it is not replaced";
  EXPECT_EQ(launched[{"i-3"}], Digest{"mine"});
  ASSERT_EQ(rebuilt.launched_otherwise.size(), 1U);
  EXPECT_EQ(rebuilt.snapshot.nodes.at(rebuilt.launched_otherwise[0]).id, CloudId{"i-2"});
}

// The golden answers of the digests themselves are Ray's own (fixtures/ray_hash).
TEST(RayTags, AreThoseOfEveryLauncherAndReadTheKeys) {
  Config config = demo();
  const std::filesystem::path key = std::filesystem::path(testing::TempDir()) / "ray_tags_key";
  std::ofstream(key) << "PRIVATE";
  config.auth = {{"ssh_user", "ubuntu"}, {"ssh_private_key", key.string()}};
  const Json node = {{"InstanceType", "m5.large"}};
  const std::set<std::string> before = ray_launch_tags(config, node);
  EXPECT_EQ(before.size(), 3U);
  EXPECT_TRUE(before.contains(ray_launch_tag(config, node)));
  std::ofstream(key) << "ANOTHER";
  const std::set<std::string> after = ray_launch_tags(config, node);
  std::vector<std::string> both;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(),
                        std::back_inserter(both));
  EXPECT_EQ(both.size(), 1U) << "only Ray 0.8 goes by the path of the key";
}

std::string in_test_folder(const std::string& name) {
  return (std::filesystem::path(testing::TempDir()) / name).string();
}

/// {"~/app": ./app} of a file in the test's folder, as Ray and this program name it.
Config with_mount() {
  Config config = demo();
  config.auth = {{"ssh_user", "ubuntu"}};
  const std::string local = in_test_folder("ray_files_app");
  std::filesystem::remove_all(local);
  std::filesystem::create_directories(local + "/sub/empty");
  std::ofstream(local + "/data.txt") << "one\n";
  std::ofstream(local + "/sub/more.txt") << "more\n";
  config.file_mounts = {{"~/app", local, {}, "./app"}};
  return config;
}

// The answers are those of hash_runtime_conf of Ray 2.60 and 2.9.3 on such a folder.
TEST(RayFiles, AreDigestedAsRayDoesOnTheHeadAndOnWorkers) {
  const RayFileTags tags = ray_file_tags(with_mount());
  EXPECT_EQ(tags.head,
            (std::set<std::string>{"6uvt5ei6uuqefeepbqddd1t7qi7ci99p98ngnadnct00lh5ch740",
                                   "725df801347a2463d92271e94e2b9e0cdef24bd4"}));
  EXPECT_EQ(tags.workers,
            (std::set<std::string>{"uvjucd4g8hoemhmk817checvnv7kfp1qv96rers5t0ub0s9t58pg",
                                   "a2579c2dab8e053427c1baa9822a2e68f3b5bd6a"}));
}

TEST(RayFiles, WithoutMountsAreThoseOfNothing) {
  const RayFileTags tags = ray_file_tags(demo());
  EXPECT_TRUE(tags.head.contains("seoc8gkovge196nruj49irtp4gjqsgf4cidp6j54imchmu2in1ag"));
}

TEST(RayFiles, AreUnknownWhereTheHeadHasThemFromElsewhere) {
  Config config = with_mount();
  config.cluster_synced_files = {"~/shared"};
  EXPECT_TRUE(ray_file_tags(config).workers.empty());
  EXPECT_FALSE(ray_file_tags(config).head.empty());
  config = with_mount();
  config.node_types[1].docker = {{"image", "rayproject/ray"}};
  EXPECT_TRUE(ray_file_tags(config).workers.empty());
  config = with_mount();
  std::filesystem::create_symlink("data.txt", config.file_mounts[0].local + "/link");
  EXPECT_TRUE(ray_file_tags(config).workers.empty()) << "who knows where it leads to there";
  EXPECT_FALSE(ray_file_tags(config).head.empty());
  std::filesystem::remove_all(config.file_mounts[0].local);
  EXPECT_TRUE(ray_file_tags(config).head.empty());
}

TEST(Rebuild, FilesThatRaysDigestDisprovesAreNotThere) {
  Desired desired;
  for (const char* type : {"head", "cpu"})
    desired.specs[{type}].digests = {.files = {"now"}, .setup = {"set up"}};
  CloudNode head = machine("i-1", "", "head", ""), other = machine("i-2", "", "cpu", ""),
            untold = machine("i-3", "", "cpu", "");
  for (CloudNode* each : {&head, &other, &untold})
    each->tags[kTagNodeStatus] = kStatusUpToDate;
  head.tags[kTagFileMounts] = "same";
  other.tags[kTagFileMounts] = "same";
  const Rebuilt rebuilt = rebuild_snapshot(demo(), desired, Snapshot{}, {head, other, untold},
                                           "fresh", {}, {.head = {"same"}, .workers = {"another"}});
  std::map<CloudId, NodeRecord> records;
  for (const auto& [name, record] : rebuilt.snapshot.nodes)
    records[record.id] = record;
  EXPECT_EQ(records[{"i-1"}].applied.files, Digest{"now"});
  EXPECT_EQ(records[{"i-2"}].applied.files, Digest{});
  EXPECT_EQ(records[{"i-2"}].running.files, Digest{});
  EXPECT_EQ(records[{"i-2"}].applied.setup, Digest{"set up"});
  EXPECT_EQ(records[{"i-3"}].applied.files, Digest{"now"});
  EXPECT_EQ(rebuilt.files_proven, std::vector<NodeName>{{"head-1"}});
  EXPECT_EQ(rebuilt.files_differ, std::vector<NodeName>{{"cpu-1"}});
  EXPECT_EQ(rebuilt.files_unproven, std::vector<NodeName>{{"cpu-2"}});
}

TEST(Rebuild, KeepsLineageSerialAndNumbersOfWhatWasRecorded) {
  Snapshot previous{.lineage = "l", .serial = 9, .epoch = 4};
  previous.highest[{"cpu"}] = 12;
  const Rebuilt rebuilt =
      rebuild_snapshot(demo(), Desired{}, previous, {machine("i-2", "c1", "cpu", "")}, "fresh");
  EXPECT_EQ(rebuilt.snapshot.lineage, "l");
  EXPECT_EQ(rebuilt.snapshot.serial, 9);
  EXPECT_TRUE(rebuilt.snapshot.nodes.contains({"cpu-13"})) << "numbers are not reused";
}

TEST(Rebuild, TakesInWhatOthersMade) {
  const Rebuilt rebuilt =
      rebuild_snapshot(demo(), Desired{}, Snapshot{},
                       {machine("i-1", "", "head", ""), machine("i-2", "other", "cpu", "cpu-1"),
                        machine("i-3", "", "", "")},
                       "fresh");
  EXPECT_EQ(rebuilt.snapshot.cluster_id, ClusterId{"other"}) << "the only id there is";
  EXPECT_EQ(rebuilt.snapshot.nodes.size(), 3U);
  EXPECT_EQ(rebuilt.foreign.size(), 2U);
  for (const CloudNode& each : rebuilt.foreign)
    EXPECT_TRUE(each.name) << each.id.text;
  EXPECT_TRUE(rebuilt.snapshot.imported);
  EXPECT_TRUE(rebuilt.snapshot.nodes.contains({"head-1"}));
  EXPECT_TRUE(rebuilt.snapshot.nodes.contains({"cpu-2"}));
}

TEST(Rebuild, TheHeadsIdWinsAndANameIsGivenOnce) {
  const Rebuilt rebuilt =
      rebuild_snapshot(demo(), Desired{}, Snapshot{},
                       {machine("i-1", "a", "head", "head-1"), machine("i-2", "b", "cpu", "cpu-1"),
                        machine("i-3", "b", "cpu", "cpu-2"), machine("i-4", "a", "cpu", "cpu-1"),
                        machine("i-5", "a", "cpu", "cpu-1")},
                       "fresh");
  EXPECT_EQ(rebuilt.snapshot.cluster_id, ClusterId{"a"});
  EXPECT_EQ(rebuilt.snapshot.nodes.size(), 5U);
  EXPECT_EQ(rebuilt.snapshot.nodes.at({"cpu-1"}).id, CloudId{"i-4"});
}

TEST(Rebuild, NothingThatRunsIsAnEmptyCluster) {
  const Rebuilt rebuilt = rebuild_snapshot(demo(), Desired{}, Snapshot{}, {}, "fresh");
  EXPECT_EQ(rebuilt.snapshot.cluster_id, ClusterId{"fresh"});
  EXPECT_TRUE(rebuilt.snapshot.nodes.empty());
}

Snapshot recorded() {
  Snapshot snapshot{.serial = 1, .cluster_id = {"c1"}};
  snapshot.nodes[{"head-1"}] = {
      .type = {"head"}, .provider = {"process"}, .head = true, .id = {"i-1"}};
  snapshot.nodes[{"cpu-1"}] = {.type = {"cpu"}, .provider = {"process"}, .id = {"i-2"}};
  snapshot.nodes[{"cpu-2"}] = {.type = {"cpu"}, .provider = {"process"}, .id = {"i-3"}};
  return snapshot;
}

TEST(Living, CountsMachinesOfOursThatStay) {
  Snapshot snapshot = recorded();
  std::vector<CloudNode> machines = {machine("i-1", "c1", "head", "head-1"),
                                     machine("i-2", "c1", "cpu", "cpu-1"),
                                     machine("i-3", "c1", "cpu", "cpu-2", Power::kStopped),
                                     machine("i-4", "c1", "cpu", ""),
                                     machine("i-5", "other", "cpu", "cpu-1"),
                                     machine("i-6", "", "cpu", "")};
  EXPECT_EQ(count_living(snapshot, seen(machines)).at({"cpu"}), 2) << "cpu-1 and the unnamed one";
  snapshot.nodes[{"cpu-1"}].phase = Phase::kDraining;
  EXPECT_EQ(count_living(snapshot, seen(machines)).at({"cpu"}), 1);
  EXPECT_TRUE(count_living(Snapshot{}, Observed{}).empty());
}

TEST(Living, NotSeenIsNotGone) {
  Observed blind;
  blind.machines.emplace(ProviderName{"process"}, transient(ErrorCode::kProviderUnavailable, "no"));
  EXPECT_EQ(count_living(recorded(), blind).at({"cpu"}), 2);
  EXPECT_EQ(count_living(recorded(), Observed{}).at({"cpu"}), 2);
}

TEST(Head, IsTheRecordedOneElseTheTaggedOne) {
  const std::vector<CloudNode> machines = {machine("i-9", "c1", "head", "head-2"),
                                           machine("i-1", "c1", "head", "head-1")};
  const Observed observed = seen(machines);
  EXPECT_EQ(find_head(recorded(), observed)->id, CloudId{"i-1"});
  EXPECT_EQ(find_head(Snapshot{}, observed)->id, CloudId{"i-9"});
  EXPECT_EQ(find_head(recorded(), Observed{}), nullptr);
  const Observed stopped = seen({machine("i-1", "c1", "head", "head-1", Power::kStopped)});
  EXPECT_EQ(find_head(recorded(), stopped), nullptr);
  EXPECT_EQ(find_machine(recorded(), observed, {"head-1"})->id, CloudId{"i-1"});
  EXPECT_EQ(find_machine(recorded(), observed, {"nobody"}), nullptr);
}

TEST(Overview, PutsRecordMachineAndRaySideBySide) {
  Looked looked{.snapshot = recorded(),
                .observed = seen({machine("i-1", "c1", "head", "head-1"),
                                  machine("i-3", "c1", "cpu", "cpu-2", Power::kStopping),
                                  machine("i-7", "c1", "cpu", "")})};
  RayView view;
  view.nodes[{"i-1"}] = {.state = RayNode::State::kAlive, .idle = true, .total = {{"CPU", 2}}};
  view.nodes[{"i-3"}] = {.state = RayNode::State::kDead};
  looked.observed.ray = Result<RayView>(view);
  const std::vector<NodeOverview> nodes = overview(looked);
  ASSERT_EQ(nodes.size(), 4U);
  EXPECT_EQ(nodes[0].name, NodeName{"head-1"});
  EXPECT_EQ(nodes[0].ray, "alive");
  EXPECT_EQ(nodes[0].total.at("CPU"), 2);
  EXPECT_EQ(nodes[1].name, NodeName{}) << "a machine without a name yet";
  EXPECT_FALSE(nodes[1].phase);
  EXPECT_EQ(nodes[2].power, Power::kGone) << "listed and not there";
  EXPECT_EQ(nodes[2].ray, "absent");
  EXPECT_EQ(nodes[3].ray, "dead");

  looked.observed.machines.clear();
  looked.observed.ray.reset();
  looked.observed.start_running[{"i-2"}] = true;
  const std::vector<NodeOverview> unseen = overview(looked);
  EXPECT_FALSE(unseen[0].power) << "not seen is not gone";
  EXPECT_EQ(unseen[0].ray, "unknown");
  EXPECT_EQ(unseen[1].ray, "running");
}

}  // namespace
}  // namespace rayctl
