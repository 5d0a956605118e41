#include "autoscaler/scheduler_case.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/files.h"
#include "base/text.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

const std::string kFolder = source_dir() + "/fixtures/scheduler/";

/// What of an answer must be the same.
Json decided(const Json& answer) {
  return {answer.at("launch"),
          answer.at("terminate"),
          answer.at("infeasible"),
          answer.at("infeasible_gangs"),
          answer.at("infeasible_constraint"),
          answer.at("cluster_resources")};
}

std::vector<Json> cases() {
  std::vector<Json> all;
  const Result<std::string> text = read_file(kFolder + "cases.jsonl");
  if (!text) return all;
  for (const std::string& line : split(*text, '\n')) {
    if (!line.empty()) all.push_back(Json::parse(line));
  }
  return all;
}

bool ends_for(const Json& answer, bool (*wanted)(const std::string& id, const std::string& cause)) {
  const auto terminate = answer.find("terminate");
  return terminate != answer.end() &&
         std::any_of(terminate->begin(), terminate->end(),
                     [&](const Json& each) { return wanted(each.at(0), each.at(1)); });
}

bool has_node(const Json& one, bool (*wanted)(const Json& node, const Json& types)) {
  const Json& nodes = one.at("nodes");
  return std::any_of(nodes.begin(), nodes.end(),
                     [&](const Json& each) { return wanted(each, one.at("node_types")); });
}

/// Whether a rule of differences.json bears on a case that Ray answers so.
const std::map<std::string, bool (*)(const Json& one, const Json& answer)> kRules = {
    {"leaving-node-takes-nothing",
     [](const Json&, const Json& answer) {
       return ends_for(answer, [](const std::string& id, const std::string& cause) {
         return !id.empty() && cause != "IDLE";
       });
     }},
    {"minima-above-the-maximum",
     [](const Json&, const Json& answer) {
       return ends_for(answer,
                       [](const std::string& id, const std::string&) { return id.empty(); });
     }},
    {"pending-node-is-not-outdated",
     [](const Json& one, const Json& answer) {
       return !one.value("disable_launch_config_check", true) &&
              ends_for(answer, [](const std::string&,
                                  const std::string& cause) { return cause == "OUTDATED"; }) &&
              has_node(one, [](const Json& node, const Json& types) {
                return node.at("status") != "RAY_RUNNING" && types.contains(node.at("type"));
              });
     }},
    {"removed-type-goes",
     [](const Json& one, const Json&) {
       return has_node(one, [](const Json& node, const Json& types) {
         return !types.contains(node.at("type").get<std::string>());
       });
     }},
};

TEST(SchedulerCases, AreDecidedAsByRay) {
  const Result<std::string> text = read_file(kFolder + "differences.json");
  ASSERT_TRUE(text.ok());
  std::map<std::string, int> uses;
  for (const Json& row : Json::parse(*text)) {
    ASSERT_TRUE(kRules.contains(row.at("rule"))) << row;
    ASSERT_FALSE(row.at("reason").get<std::string>().empty());
    uses[row.at("rule")] = 0;
  }
  int same = 0, different = 0, unstable = 0;
  std::ifstream lines(kFolder + "cases.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const Json both = Json::parse(line);
    const Json& rays = both.at("answers").at("v2");
    SCOPED_TRACE(both.at("case").at("id").get<std::string>());
    Result<SchedulerCase> one = read_scheduler_case(line);
    ASSERT_TRUE(one.ok()) << one.error().message;
    const Json ours = scheduler_answer(*one, decide(*one));
    if (!rays.contains("error") && decided(ours) == decided(rays)) {
      ++same;
      continue;
    }
    if (!both.at("answers").at("unstable").empty()) {
      ++unstable;
      continue;
    }
    ++different;
    bool allowed = false;
    for (auto& [rule, count] : uses) {
      if (!kRules.at(rule)(both.at("case"), rays)) continue;
      ++count;
      allowed = true;
    }
    EXPECT_TRUE(allowed) << "no rule of differences.json says why\nours: " << ours
                         << "\nRay:  " << rays;
    EXPECT_EQ(decided(ours), decided(both.at("answers").at("settled")));
  }
  for (const auto& [rule, count] : uses)
    EXPECT_GT(count, 0) << rule << " is the reason of no difference";
  RecordProperty("same", same);
  RecordProperty("different", different);
  RecordProperty("unstable", unstable);
  EXPECT_GE(same, 120);
  EXPECT_EQ(same + different + unstable, 220);
}

/// Order of nodes, demands and gangs is nothing; that of node types breaks ties.
TEST(SchedulerCases, OrderOfTheInputDoesNotMatter) {
  for (const Json& both : cases()) {
    const Json& one = both.at("case");
    Json turned = one;
    for (const char* part : {"nodes", "demands"}) {
      if (turned.contains(part)) std::reverse(turned[part].begin(), turned[part].end());
    }
    // Json sorts node types by name, and so both are read with the same order of them.
    const auto first = read_scheduler_case(one.dump());
    const auto second = read_scheduler_case(turned.dump());
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_EQ(decide(*first), decide(*second)) << one.at("id");
  }
}

TEST(SchedulerCases, MistakesAreNamed) {
  for (const char* line : {"", "{", "[]", "{}", R"({"case": 3})", R"({"id": 1})",
                           R"({"id": "a", "head_type": "h", "node_types": 3, "nodes": []})",
                           R"({"id": "a", "head_type": "h", "node_types": {}, "nodes": [{}]})"}) {
    const Result<SchedulerCase> one = read_scheduler_case(line);
    ASSERT_FALSE(one.ok()) << line;
    EXPECT_EQ(one.error().code, ErrorCode::kUsage);
  }
}

}  // namespace
}  // namespace rayctl
