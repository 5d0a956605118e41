#include "model/codec.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/digest.h"
#include "tests/model/examples.h"

namespace rayctl {
namespace {

TEST(Codec, SnapshotRoundTrips) {
  const Snapshot snapshot = examples::snapshot();
  const Result<Snapshot> again = snapshot_from_json(to_json(snapshot));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, snapshot);
  EXPECT_EQ(*decode_snapshot(encode(snapshot)), snapshot);
  EXPECT_EQ(*decode_snapshot(encode(Snapshot{})), Snapshot{});
}

TEST(Codec, PlanRoundTrips) {
  const Plan plan = examples::plan();
  const Result<Plan> again = plan_from_json(to_json(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, plan);
  EXPECT_EQ(*decode_plan(encode(plan)), plan);
  EXPECT_EQ(*decode_plan(encode(Plan{})), Plan{});
}

TEST(Codec, PartsRoundTrip) {
  const Plan plan = examples::plan();
  for (const Step& step : plan.steps) {
    EXPECT_EQ(*action_from_json(to_json(step.action)), step.action);
    EXPECT_EQ(*decode_action(encode(step.action)), step.action);
    EXPECT_EQ(to_json(step)["action"]["verb"], verb_of(step.action));
  }
  for (const auto& [type, spec] : plan.specs)
    EXPECT_EQ(*spec_from_json(to_json(spec)), spec);
  for (const auto& [name, record] : examples::snapshot().nodes) {
    EXPECT_EQ(*record_from_json(to_json(record)), record);
  }
}

TEST(Codec, ExamplesHoldEveryAction) {
  std::set<std::size_t> seen;
  for (const Step& step : examples::plan().steps)
    seen.insert(step.action.index());
  EXPECT_EQ(seen.size(), std::variant_size_v<Action>);
}

TEST(Codec, TextIsWhatTheTreeWouldPrint) {
  EXPECT_EQ(encode(examples::plan()), to_json(examples::plan()).dump());
  EXPECT_EQ(encode(examples::snapshot()), to_json(examples::snapshot()).dump());
}

TEST(Codec, NullRatherThanAbsent) {
  const Json record = to_json(NodeRecord{});
  EXPECT_TRUE(record.at("made_by").is_null());
  EXPECT_EQ(to_json(Snapshot{})["overrides"].dump(), R"({"max_workers":null,"min_workers":null})");
}

TEST(Codec, BadBytesAreReplacedAndNeverThrow) {
  Snapshot snapshot;
  snapshot.cluster = {std::string("a\xFF\xFE") + '\0' + "b\x7F"};
  const Result<Snapshot> again = decode_snapshot(encode(snapshot));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->cluster.text, std::string("a\xEF\xBF\xBD\xEF\xBF\xBD") + '\0' + "b\x7F");
}

TEST(Codec, ErrorsCarryTheirCodeAndRemedy) {
  const Error error = in_context(permanent(ErrorCode::kSetupFailed, "status 2"), "node gpu-1");
  const Json json = to_json(error);
  EXPECT_EQ(json.at("code"), "RAYCTL-0207");
  EXPECT_EQ(json.at("message"), "status 2");
  EXPECT_EQ(json.at("context"), Json::array({"node gpu-1"}));
  EXPECT_EQ(json.at("remedy"), error_code_info(ErrorCode::kSetupFailed).remedy);
}

struct Broken {
  const char* name;
  std::function<void(Json&)> breaks;
  const char* says;  ///< part of the message
};

TEST(Codec, SaysWhereAPlanIsBroken) {
  const Broken cases[] = {
      {"missing field", [](Json& j) { j.erase("steps"); }, "$: \"steps\" is missing"},
      {"wrong type", [](Json& j) { j["epoch"] = "3"; },
       "$.epoch: expected a whole number, found string"},
      {"fraction", [](Json& j) { j["epoch"] = 3.5; },
       "$.epoch: expected a whole number, found number"},
      {"too large", [](Json& j) { j["nodes_unchanged"] = 1ULL << 40U; },
       "$.nodes_unchanged: number out of range"},
      {"largest", [](Json& j) { j["epoch"] = ~0ULL; }, "$.epoch: number out of range"},
      {"step", [](Json& j) { j["steps"][3]["action"]["node"] = 7; },
       "$.steps[3].action.node: expected a string"},
      {"verb", [](Json& j) { j["steps"][3]["action"]["verb"] = "x"; },
       "$.steps[3].action: unknown verb \"x\""},
      {"no verb", [](Json& j) { j["steps"][3]["action"].erase("verb"); },
       "$.steps[3].action: \"verb\" is missing"},
      {"reason", [](Json& j) { j["steps"][0]["reason"] = "whim"; },
       "$.steps[0].reason: unknown word \"whim\""},
      {"time", [](Json& j) { j["made_at"] = "today"; }, "$.made_at: expected a time"},
      {"step id", [](Json& j) { j["steps"][2]["id"] = 5; }, "$.steps[2].id: expected 2"},
      {"after itself", [](Json& j) { j["steps"][2]["after"] = {2}; }, "$.steps[2].after"},
      {"after nothing", [](Json& j) { j["steps"][2]["after"] = {-1}; }, "$.steps[2].after"},
      {"spec", [](Json& j) { j["specs"].erase("gpu"); },
       "$.steps[0].action.type: \"gpu\" is not in specs"},
      {"spec field", [](Json& j) { j["specs"]["gpu"]["start"]["resources"]["CPU"] = "x"; },
       "$.specs.gpu.start.resources.CPU: expected a number"},
      {"code", [](Json& j) { j["blocked"][0]["code"] = "E1"; },
       "$.blocked[0].code: expected a code"},
      {"list", [](Json& j) { j["left_out"] = Json::object(); },
       "$.left_out: expected a list, found object"},
      {"version", [](Json& j) { j["format_version"] = 1; }, "$: \"format_version\" is missing"},
      {"old version", [](Json& j) { j["format_version"] = "0.9"; }, "$.format_version: \"0.9\""},
      {"odd version", [](Json& j) { j["format_version"] = "one"; }, "$.format_version: \"one\""},
      {"not a record", [](Json& j) { j = Json::array(); }, "$: expected a record"},
      {"too deep",
       [](Json& j) {
         Json deep = 1;
         for (int i = 0; i < 300; ++i)
           deep = Json::array({std::move(deep)});
         j["specs"]["gpu"]["launch"] = std::move(deep);
       },
       "$.specs.gpu.launch: nested too deeply"},
  };
  for (const Broken& each : cases) {
    Json json = to_json(examples::plan());
    each.breaks(json);
    const Result<Plan> plan = plan_from_json(json);
    ASSERT_FALSE(plan) << each.name;
    EXPECT_EQ(plan.error().code, ErrorCode::kPlanUnreadable) << each.name;
    EXPECT_NE(plan.error().message.find(each.says), std::string::npos)
        << each.name << ": " << plan.error().message;
  }
}

TEST(Codec, NewerMajorIsRefusedInItsOwnWords) {
  Json plan = to_json(examples::plan());
  plan["format_version"] = "2.0";
  EXPECT_EQ(plan_from_json(plan).error().code, ErrorCode::kPlanUnreadable);
  EXPECT_NE(plan_from_json(plan).error().message.find("newer"), std::string::npos);
  Json state = to_json(examples::snapshot());
  state["format_version"] = "2.0";
  EXPECT_EQ(snapshot_from_json(state).error().code, ErrorCode::kStateTooNew);
}

TEST(Codec, NewerMinorIsReadWithoutWhatItAdds) {
  Json state = to_json(examples::snapshot());
  state["format_version"] = "1.7";
  state["colour"] = "green";
  state["nodes"]["head"]["colour"] = Json::array({1, 2});
  EXPECT_EQ(*snapshot_from_json(state), examples::snapshot());
}

TEST(Codec, AnOlderMinorIsReadWithoutWhatWasAddedSince) {
  Json state = to_json(examples::snapshot());
  state["format_version"] = "1.0";
  state.erase("pins");
  Snapshot without = examples::snapshot();
  without.pins.clear();
  EXPECT_EQ(*snapshot_from_json(state), without);
}

TEST(Codec, CutOffAnywhereIsAnErrorAndNoMore) {
  const std::string state = encode(examples::snapshot());
  for (std::size_t size = 0; size < state.size(); size += 3) {
    EXPECT_EQ(decode_snapshot(state.substr(0, size)).error().code, ErrorCode::kStateCorrupt);
  }
  const std::string plan = encode(examples::plan());
  for (std::size_t size = 0; size < plan.size(); size += 7) {
    EXPECT_FALSE(decode_plan(plan.substr(0, size)));
  }
}

TEST(Codec, AnyByteCanBeAnyOther) {
  const std::string text = encode(examples::snapshot());
  for (std::size_t at = 0; at < text.size(); at += 17) {
    for (const char byte : {'\0', '"', '}', '9', 'x', '\xFF'}) {
      std::string other = text;
      other[at] = byte;
      (void)decode_snapshot(other);  // an Error or a value: never a crash or an exception
    }
  }
}

TEST(Codec, DeepNestingDoesNotExhaustTheStack) {
  EXPECT_FALSE(decode_plan(std::string(1'000'000, '[')));
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_FALSE(decode_plan(deep));
  std::string plan = encode(examples::plan());
  const std::string launch = "\"launch\":{\"Disks\":";
  plan.insert(plan.find(launch) + launch.size(), deep + ",\"x\":");
  const Result<Plan> refused = decode_plan(plan);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("nested too deeply"), std::string::npos);
}

TEST(Codec, TenThousandNodes) {
  const Snapshot state = examples::large_snapshot(10'000);
  const Plan plan = examples::large_plan(10'000);
  const auto timed = [](const char* what, auto work) {
    const auto start = std::chrono::steady_clock::now();
    auto result = work();
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start;
    testing::Test::RecordProperty(what, std::to_string(spent.count()));
    std::printf("%-14s %7.1f ms\n", what, spent.count());
    return result;
  };
  const std::string state_text = timed("encode state", [&] { return encode(state); });
  const std::string plan_text = timed("encode plan", [&] { return encode(plan); });
  EXPECT_EQ(*timed("decode state", [&] { return decode_snapshot(state_text); }), state);
  EXPECT_EQ(*timed("decode plan", [&] { return decode_plan(plan_text); }), plan);
  std::printf("%zu and %zu bytes\n", state_text.size(), plan_text.size());
}

}  // namespace
}  // namespace rayctl
