#include "autoscaler/tick.h"

#include <gtest/gtest.h>

#include "tests/autoscaler/tick_example.h"

namespace rayctl {
namespace {

using examples::kBegin;

TEST(TickCodec, ReadsWhatItWrites) {
  const Tick tick = examples::tick();
  const Json json = to_json(tick);
  const Result<Tick> read = tick_from_json(json);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(to_json(*read), json);
  EXPECT_EQ(read->load, tick.load);
  EXPECT_EQ(read->fleet, tick.fleet);
  EXPECT_EQ(read->memory, tick.memory);
  EXPECT_EQ(read->decision, tick.decision);
  EXPECT_EQ(read->done, tick.done);
  EXPECT_EQ(read->config.node_types[1].idle_timeout_s, 30);
}

TEST(TickCodec, KeepsNoCommandsOfTheConfig) {
  EXPECT_EQ(to_json(examples::tick()).dump().find("password"), std::string::npos);
}

TEST(TickCodec, RefusesWhatItCannotRead) {
  const Json good = to_json(examples::tick());
  Json later = good;
  later["format_version"] = "2.0";
  EXPECT_EQ(tick_from_json(later).error().code, ErrorCode::kStateTooNew);
  later["format_version"] = "1.9";
  EXPECT_TRUE(tick_from_json(later).ok());
  const Json flat = good.flatten();
  for (const auto& [pointer, ignored] : flat.items()) {
    if (pointer.ends_with("memory/format_version")) continue;  // the tick's counts
    Json wrong = good;
    wrong[Json::json_pointer(pointer)] = Json::array({Json::array()});
    EXPECT_FALSE(tick_from_json(wrong).ok()) << pointer;
  }
  EXPECT_EQ(tick_from_json(Json()).error().code, ErrorCode::kStateCorrupt);
}

TEST(Tick, TranslatesDigestsSoThatTroublesStayWhatTheyAre) {
  Tick tick = examples::tick();
  const std::string kept = tick.memory.trouble.at({"cpu"}).at("").config;
  EXPECT_EQ(kept, start_digest(tick.config, tick.config.node_types[1]));
  EXPECT_NE(kept, start_digest(examples::tick_config(), examples::tick_config().node_types[1]));
  Memory other = tick.memory;  // of another config than the one of the tick
  tick = make_tick(1, kBegin, {}, examples::tick_config(), {}, other, {}, {}, {});
  EXPECT_NE(tick.memory.trouble.at({"cpu"}).at("").config, kept);
  const Memory after = remember(tick.memory, tick.config, {}, {}, kBegin);
  EXPECT_TRUE(after.trouble.empty());
}

TEST(Steady, TakesOutTheJitterOfRaysTimes) {
  Fleet before = examples::tick().fleet;
  struct Row {
    int differs_ms;
    bool steadied;
  };
  for (const Row& row : {Row{0, true}, Row{300, true}, Row{-300, true}, Row{999, true},
                         Row{1000, false}, Row{-1000, false}, Row{12'345, false}}) {
    const Time at = kBegin + Millis{5'000};
    Fleet seen = before;
    seen.nodes[0].idle_for += Millis{5'000 - row.differs_ms};
    const Millis untouched = seen.nodes[0].idle_for;
    const Fleet result = steady(seen, at, before, kBegin);
    EXPECT_EQ(result.nodes[0].idle_for, row.steadied ? Millis{17'345} : untouched)
        << row.differs_ms;
  }
  EXPECT_EQ(steady(before, kBegin, {}, kBegin), before);
}

}  // namespace
}  // namespace rayctl
