#include "providers/gcp/orphans.h"

#include "providers/gcp/gcp_desk.h"
#include "tests/gcp_resources/world.h"

namespace rayctl::gcp {
namespace {

class Orphans : public World {
 protected:
  void SetUp() override {
    World::SetUp();
    make_all();
    const Json ours = labels("demo", "c1");
    Json named = labels("demo", "c1", "head");
    named["labels"]["rayctl-node"] = "head-1";
    project_.add_instance("ray-demo-head-1", named);
    project_.add_instance("theirs", labels("demo", ""));
    const Json zone{{"zone", "zones/us-west1-a"}};
    const auto disk = [&](const std::string& name, const Json& more) {
      project_.disks[name] = with(with({{"name", name}}, zone), more);
    };
    disk("left", ours);
    disk("used", with(ours, {{"users", {"instances/ray-demo-head-1"}}}));
    disk("other", Json::object());
    project_.accounts["else@p.iam.gserviceaccount.com"] = {
        {"email", "else@p.iam.gserviceaccount.com"},
        {"description", "rayctl c9 europe-west1 demo: head"}};
    project_.firewalls["by-hand"] = {{"name", "by-hand"}};
  }
  OrphanSearch search(bool tpus = false) { return {project_, clock_, facts_.place, tpus}; }
  std::vector<Orphan> find() {
    auto found = find_orphans(search(), soon());
    EXPECT_TRUE(found.ok());
    return found ? *found : std::vector<Orphan>();
  }
  std::unique_ptr<CloudDesk> desk() {
    all_ = std::make_unique<Resources>(project_, clock_, settings());
    return make_gcp_desk({.api = project_,
                          .clock = clock_,
                          .resources = *all_,
                          .config = config_,
                          .facts = facts_,
                          .home = home_});
  }
  std::unique_ptr<Resources> all_;
};

TEST_F(Orphans, AreAllThatCarriesAnIdOnEveryPage) {
  for (const std::size_t page : {1000U, 1U}) {
    project_.page = page;
    std::vector<std::string> seen;
    for (const Orphan& each : find()) {
      seen.push_back(std::string(kind_text(each.kind)) + " " + each.id + each.name);
      EXPECT_EQ(each.cluster.text, "demo");
      EXPECT_EQ(each.cluster_id.text, "c1");
    }
    ASSERT_EQ(seen.size(), 5U);
    EXPECT_EQ(seen[0], "instance ray-demo-head-1head-1");
    EXPECT_EQ(seen[1], "disk left");
    EXPECT_EQ(seen[2], "service account " + email());
    EXPECT_EQ(seen[3], "firewall rule " + tag() + "-internal");
  }
}

TEST_F(Orphans, GoInASafeOrder) {
  std::vector<Orphan> all = find();
  std::reverse(all.begin(), all.end());
  EXPECT_TRUE(remove_orphans(search(), all, soon()).empty());
  EXPECT_TRUE(find().empty());
  EXPECT_EQ(project_.objects(), 2U) << "those of others";
  EXPECT_EQ(project_.instances.size(), 1U);
  EXPECT_EQ(project_.disks.size(), 2U);
  EXPECT_TRUE(project_.members().empty());
  EXPECT_TRUE(remove_orphans(search(), all, soon()).empty()) << "gone already";
}

TEST_F(Orphans, WhatIsStillUsedIsTriedAgain) {
  const std::vector<Orphan> all = find();
  project_.disks["left"]["users"] = {"instances/x"};
  int sleeps = 0;
  clock_.on_sleep = [&] {
    if (++sleeps == 3) project_.disks["left"].erase("users");
  };
  EXPECT_TRUE(remove_orphans(search(), all, soon()).empty());
  EXPECT_FALSE(project_.disks.contains("left"));
}

TEST_F(Orphans, OneThatStaysIsSaidAndTheOthersGo) {
  const std::vector<Orphan> all = find();
  project_.disks["left"]["users"] = {"instances/x"};
  const auto stayed = remove_orphans(search(), all, soon());
  ASSERT_EQ(stayed.size(), 1U);
  EXPECT_EQ(stayed[0].first.kind, Orphan::Kind::kDisk);
  EXPECT_EQ(stayed[0].second.fault, Fault::kTransient);
  EXPECT_EQ(project_.objects(), 2U);
}

TEST_F(Orphans, AZoneThatCannotBeAskedIsNoEmptyZone) {
  project_.zones_in_trouble = {"us-west1-b"};
  const auto found = find_orphans(search(), soon());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().fault, Fault::kTransient);
  project_.zones_in_trouble = {"europe-west1-b"};
  EXPECT_TRUE(find_orphans(search(), soon()).ok()) << "not ours to ask";
}

TEST_F(Orphans, TpusAreLookedForWhereTheFileHasSome) {
  project_.tpus["us-west1-a"] = {with(
      {{"name", "projects/p/locations/us-west1-a/nodes/ray-demo-worker-1-tpu"}, {"state", "READY"}},
      labels("demo", "c1"))};
  EXPECT_EQ(find().size(), 5U);
  const auto with_tpus = find_orphans(search(true), soon());
  ASSERT_TRUE(with_tpus.ok());
  ASSERT_EQ(with_tpus->size(), 6U);
  EXPECT_EQ((*with_tpus)[1].id, "ray-demo-worker-1-tpu");
  EXPECT_EQ((*with_tpus)[1].zone, "us-west1-a");
}

TEST_F(Orphans, TheDeskRemovesWhatIsAskedForAndTheKeyAtLast) {
  const auto things = desk()->list_tagged(soon());
  ASSERT_TRUE(things.ok());
  ASSERT_EQ(things->size(), 5U);
  ASSERT_TRUE(desk()->remove_tagged({things->begin(), things->begin() + 2}, soon()).ok());
  EXPECT_EQ(files_in_ssh(), 1U) << "the rest of the cluster is still there";
  EXPECT_EQ(desk()->list_tagged(soon())->size(), 3U);
  ASSERT_TRUE(desk()->remove_tagged(*things, soon()).ok());
  EXPECT_TRUE(desk()->list_tagged(soon())->empty());
  EXPECT_EQ(files_in_ssh(), 0U);
}

TEST_F(Orphans, TheDeskSaysWhatStayed) {
  const auto things = desk()->list_tagged(soon());
  ASSERT_TRUE(things.ok());
  project_.refuse = "compute.disks.delete";
  const auto removed = desk()->remove_tagged(*things, soon());
  ASSERT_FALSE(removed.ok());
  EXPECT_TRUE(removed.error().message.starts_with("still there: left ("));
  EXPECT_EQ(files_in_ssh(), 1U);
}

}  // namespace
}  // namespace rayctl::gcp
