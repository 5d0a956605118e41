#include "base/text.h"
#include "model/json.h"
#include "tests/cli/app_fixture.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

const std::string kCases = source_dir() + "/fixtures/scheduler/cases.jsonl";

TEST_F(AppTest, AutoscalerDecidePrintsALineForEachCase) {
  const Result<std::string> text = read_file(kCases);
  ASSERT_TRUE(text);
  const Ran ran = run({"autoscaler", "decide", "--cases", kCases});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  const std::vector<std::string> cases = split(*text, '\n'), lines = split(ran.out, '\n');
  ASSERT_EQ(lines.size(), cases.size());
  for (std::size_t i = 0; i + 1 < lines.size(); ++i)
    EXPECT_EQ(Json::parse(lines[i]).at("id"), Json::parse(cases[i]).at("case").at("id"));
}

TEST_F(AppTest, AutoscalerDecideTakesBareCases) {
  const std::string file =
      write("one.jsonl", R"({"id": "one", "head_type": "head", "max_workers": 2,
      "node_types": {"head": {"resources": {}}, "a": {"resources": {"CPU": 4}, "max_workers": 2}},
      "nodes": [], "demands": [{"bundle": {"CPU": 1}, "count": 12}]})");
  std::string line = *read_file(file);
  std::erase(line, '\n');
  write("one.jsonl", line);
  const Ran ran = run({"autoscaler", "decide", "--cases", file});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(Json::parse(ran.out), Json::parse(R"({"id": "one", "launch": {"a": 2}, "terminate": [],
      "infeasible": [[[{"CPU": 1.0}, [[]]], 4]], "impossible": [], "infeasible_gangs": [],
      "infeasible_constraint": false, "cluster_resources": {"CPU": 8.0}})"));
}

TEST_F(AppTest, AutoscalerDecideNamesTheLineThatIsNoCase) {
  const std::string file = write("bad.jsonl", "\n{\"id\": 3}\n");
  const Ran ran = run({"autoscaler", "decide", "--cases", file});
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_NE(ran.err.find("not a scheduler case"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("line 2"), std::string::npos) << ran.err;
  EXPECT_EQ(run({"autoscaler", "decide"}).status, 3);
}

}  // namespace
}  // namespace rayctl
