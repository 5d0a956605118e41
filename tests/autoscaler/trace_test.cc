#include "autoscaler/trace.h"

#include <gtest/gtest.h>

#include "autoscaler/selector_text.h"

namespace rayctl {
namespace {

TEST(Trace, IsReadInOrderOfTime) {
  const Result<std::vector<TraceEvent>> trace = parse_trace(
      R"({"at": 10, "gang": [{"CPU": 1}, {"GPU": 0.5}], "strategy": "strict-pack", "count": 2})"
      "\n\n"
      R"x({"at": 0.5, "demand": {"CPU": 2, "GPU": 0}, "count": 3, "runs": 7,)x"
      R"x( "labels": {"zone": "!in(a, b)"}})x"
      "\n"
      R"({"at": 20, "request_resources": [{"CPU": 1}, {"CPU": 1}, {"GPU": 1}]})");
  ASSERT_TRUE(trace.ok()) << trace.error().message;
  ASSERT_EQ(trace->size(), 3U);
  const LabelRule rule{.key = "zone", .in = false, .values = {"a", "b"}};
  EXPECT_EQ((*trace)[0], (TraceEvent{.at = Millis{500},
                                     .bundles = {{.bundle = {{"CPU", 2}}, .selectors = {{rule}}}},
                                     .count = 3,
                                     .runs = Millis{7'000}}));
  EXPECT_EQ((*trace)[1],
            (TraceEvent{.at = Millis{10'000},
                        .bundles = {{.bundle = {{"CPU", 1}}}, {.bundle = {{"GPU", 0.5}}}},
                        .strategy = GangStrategy::kStrictPack,
                        .count = 2,
                        .runs = Millis{60'000}}));
  EXPECT_EQ((*trace)[2].asked,
            (std::vector<Demand>{{.request = {.bundle = {{"CPU", 1}}}, .count = 2},
                                 {.request = {.bundle = {{"GPU", 1}}}}}));
}

TEST(Trace, SaysWhichLineIsWrong) {
  struct Row {
    const char* line;
    const char* words;
  };
  const std::vector<Row> rows = {
      {"{", "line 2: not a JSON record"},
      {"[]", "line 2: not a JSON record"},
      {R"({"demand": {"CPU": 1}})", "`at` is missing"},
      {R"({"at": -1, "demand": {"CPU": 1}})", "`at` is to be seconds"},
      {R"({"at": 1e300, "demand": {"CPU": 1}})", "`at` is to be seconds"},
      {R"({"at": 1, "demand": {"CPU": -1}})", "resource `CPU`"},
      {R"({"at": 1, "demand": {"CPU": "1"}})", "resource `CPU`"},
      {R"({"at": 1, "demand": 1})", "resources are a record"},
      {R"({"at": 1})", "one of `demand`"},
      {R"({"at": 1, "demand": {}, "gang": []})", "one of `demand`"},
      {R"({"at": 1, "gang": []})", "not empty"},
      {R"({"at": 1, "gang": [{}], "strategy": "loose"})", "`strategy` is one of"},
      {R"({"at": 1, "demand": {}, "strategy": "pack"})", "belongs to a `gang`"},
      {R"({"at": 1, "demand": {}, "count": 0})", "`count`"},
      {R"({"at": 1, "demand": {}, "count": 1.5})", "`count`"},
      {R"({"at": 1, "demand": {}, "labels": {"a": 1}})", "label `a`"},
      {R"({"at": 1, "demand": {}, "run": 1})", "did you mean `runs`?"},
      {R"({"at": 1, "request_resources": {}})", "list of bundles"},
  };
  for (const Row& row : rows) {
    const auto trace = parse_trace(std::string("{\"at\":0,\"demand\":{\"CPU\":1}}\n") + row.line);
    ASSERT_FALSE(trace.ok()) << row.line;
    EXPECT_EQ(trace.error().code, ErrorCode::kUsage);
    EXPECT_NE(trace.error().message.find(row.words), std::string::npos) << trace.error().message;
  }
}

TEST(SelectorText, IsRays) {
  const auto rule = [](const char* text) { return selector_from_json({{"k", text}})->front(); };
  EXPECT_EQ(rule("a"), (LabelRule{.key = "k", .values = {"a"}}));
  EXPECT_EQ(rule("!a"), (LabelRule{.key = "k", .in = false, .values = {"a"}}));
  EXPECT_EQ(rule("in(a,b)"), (LabelRule{.key = "k", .values = {"a", "b"}}));
  EXPECT_EQ(rule("!in(a, b)"), (LabelRule{.key = "k", .in = false, .values = {"a", "b"}}));
  EXPECT_EQ(rule(""), (LabelRule{.key = "k", .values = {""}}));
  EXPECT_EQ(rule("in("), (LabelRule{.key = "k", .values = {"in("}}));
}

}  // namespace
}  // namespace rayctl
