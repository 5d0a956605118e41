#include "cli/autoscale/tick_log.h"
#include "tests/autoscaler/tick_example.h"
#include "tests/cli/app_fixture.h"

namespace rayctl {
namespace {

using examples::kBegin;

/// A journal of real decisions: two tasks wait, a node starts, works, and is idle for too long.
class JournalVerbs : public AppTest {
 protected:
  JournalVerbs() {
    config_.cluster = {"demo"};
    config_.max_workers = 3;
    config_.head_type = {"head"};
    config_.node_types = {{.name = {"head"}},
                          {.name = {"cpu"}, .max_workers = 1, .resources = {{"CPU", 4}}}};
    config_.node_types[1].worker_setup_commands = {"echo secret"};
    Load load;
    load.demands = {{.request = {.bundle = {{"CPU", 3}}}, .count = 2},
                    {.request = {.bundle = {{"GPU", 1}}}}};
    FleetNode node{.name = {"cpu-1"}, .type = {"cpu"}, .id = {"i-1"}};
    node.since = kBegin + Millis{1'000};
    node.total = node.available = {{"CPU", 4}};
    tick(load, {});
    tick(load, {node}, {"done: 1 to launch"});
    node.stage = FleetNode::Stage::kRunning;
    node.available["CPU"] = 1;
    tick({}, {node});
    node.available["CPU"] = 4;
    node.idle = true;
    for (int seconds : {0, 5, 10}) {
      node.idle_for = Millis{seconds * 1000};
      tick({}, {node});
    }
    node.idle_for = Millis{405'000};
    now_ += Millis{390'000};
    tick({}, {node});
  }

  void tick(const Load& load, std::vector<FleetNode> nodes,
            const std::vector<std::string>& done = {}) {
    Result<TickLog> log = TickLog::open(folder());
    ASSERT_TRUE(log.ok());
    const Fleet fleet{.nodes = std::move(nodes)};
    const Decision decision = decide(load, config_, fleet, memory_, now_);
    ASSERT_TRUE(log->append(make_tick(log->next_number(), now_, load, config_, fleet, memory_, {},
                                      decision, done))
                    .ok());
    memory_ = decision.memory;
    now_ += Millis{5'000};
  }
  std::filesystem::path folder() const { return path("state/rayctl/demo/autoscaler"); }

  Config config_;
  Memory memory_;
  Time now_ = kBegin;
};

TEST_F(JournalVerbs, ReplayDecidesTheSame) {
  const Ran ran = run({"autoscaler", "replay", cluster_file()});
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 7);
  EXPECT_EQ(ran.err, "7 decided again, 0 different\n");
  EXPECT_EQ(run({"autoscaler", "replay", folder().string(), "--json"}).status, 0);
}

TEST_F(JournalVerbs, ReplayShowsWhatIsDifferent) {
  const std::filesystem::path file = std::filesystem::directory_iterator(folder())->path();
  std::string text = *read_file(file);
  const std::string recorded = "\"launch\":{\"cpu\":1}";
  ASSERT_NE(text.find(recorded), std::string::npos);
  text.replace(text.find(recorded), recorded.size(), "\"launch\":{\"cpu\":2}");
  const std::string changed = write("changed.ndjson", text.substr(0, text.find('\n') + 1));
  const Ran ran = run({"autoscaler", "replay", changed});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "tick 1  different\n  /launch/cpu\n    recorded  2\n    now       1\n");
  const Json json = Json::parse(run({"autoscaler", "replay", changed, "--json"}).out);
  EXPECT_EQ(json["different"], 1);
  EXPECT_EQ(json["ticks"][0]["differences"][0]["recorded"], 2);
}

TEST_F(JournalVerbs, HistoryIsNewestFirst) {
  const Ran ran = run({"autoscaler", "history", cluster_file()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::size_t removed = ran.out.find("tick 7  remove cpu-1: idle for");
  const std::size_t done = ran.out.find("done: 1 to launch");
  const std::size_t launched = ran.out.find("tick 1  launch 1 cpu: ");
  EXPECT_NE(removed, std::string::npos) << ran.out;
  EXPECT_LT(removed, done) << ran.out;
  EXPECT_LT(done, launched) << ran.out;
  EXPECT_NE(ran.out.find("impossible: 1 x {GPU: 1}"), std::string::npos) << ran.out;
  EXPECT_EQ(ran.out.find("tick 5"), std::string::npos) << "nothing was decided";
  const Ran all = run({"autoscaler", "history", "-n", "demo", "--all", "--limit", "3", "--json"});
  const Json json = Json::parse(all.out);
  ASSERT_EQ(json["ticks"].size(), 3U);
  EXPECT_EQ(json["ticks"][0]["number"], 7);
  EXPECT_EQ(json["ticks"][2]["number"], 5);
}

TEST_F(JournalVerbs, WhyTellsANodesStory) {
  const Ran ran = run({"autoscaler", "why", "cpu-1", cluster_file()});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("launched 2027-01-15 08:00:00 (tick 1): for ")) << ran.out;
  EXPECT_NE(ran.out.find("\njoined Ray 2027-01-15 08:00:10 (tick 3)\n"), std::string::npos);
  EXPECT_NE(ran.out.find("\nto be removed since 2027-01-15 08:07:00 (tick 7): idle for"),
            std::string::npos)
      << ran.out;
  const Json json = Json::parse(run({"autoscaler", "why", "cpu-1", "-n", "demo", "--json"}).out);
  EXPECT_EQ(json["launched"]["tick"], 1);
  EXPECT_EQ(json["idle_s"], 405);
  EXPECT_EQ(json["gone"], nullptr);
  const Ran nobody = run({"autoscaler", "why", "cpu-9", cluster_file()});
  EXPECT_EQ(nobody.status, 3);
  EXPECT_NE(nobody.err.find("no node `cpu-9`"), std::string::npos) << nobody.err;
}

TEST_F(JournalVerbs, WhyNotAnswersForOneMoreTask) {
  const auto ask = [this](const std::string& resources, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"autoscaler", "why-not", resources, "-n", "demo"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  EXPECT_EQ(ask("{\"CPU\": 4}").out, "{CPU: 4} fits now on cpu-1\n");
  EXPECT_TRUE(ask("{\"GPU\": 8}").out.starts_with("{GPU: 8} will never run here: "))
      << ask("{\"GPU\": 8}").out;
  const Ran elsewhere = ask("{\"CPU\": 1}", {"--labels", "{\"zone\": \"in(a,b)\"}", "--json"});
  EXPECT_EQ(Json::parse(elsewhere.out)["answer"], "impossible") << elsewhere.out;
  EXPECT_EQ(ask("GPU").status, 3);
  EXPECT_EQ(ask("{\"CPU\": 1}", {"--labels", "zone=a"}).status, 3);
}

TEST_F(JournalVerbs, SayWhenThereIsNoJournal) {
  std::filesystem::remove_all(folder());
  for (const char* verb : {"replay", "history"}) {
    const Ran ran = run({"autoscaler", verb, cluster_file()});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.err.find("no decision of an autoscaler is recorded"), std::string::npos);
  }
}

}  // namespace
}  // namespace rayctl
