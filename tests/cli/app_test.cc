#include "cli/app.h"

#include "cli/output.h"
#include "model/json.h"
#include "tests/cli/app_fixture.h"

namespace rayctl {
namespace {

TEST_F(AppTest, HelpIsDataAndAMissingVerbIsAMistake) {
  const Ran help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_TRUE(help.err.empty());
  EXPECT_NE(help.out.find("  plan "), std::string::npos);
  const Ran nothing = run({});
  EXPECT_EQ(nothing.status, 3);
  EXPECT_TRUE(nothing.out.empty());
}

TEST_F(AppTest, SuggestsTheVerbAndTheFlagThatWasMeant) {
  EXPECT_NE(run({"aply"}).err.find("Did you mean `rayctl apply`?"), std::string::npos);
  EXPECT_NE(run({"state", "lst"}).err.find("state list"), std::string::npos);
  EXPECT_NE(run({"plan", "x.yaml", "--no-restrt"}).err.find("`--no-restart`"), std::string::npos);
  EXPECT_NE(run({"--json", "plan"}).err.find("after the verb"), std::string::npos);
}

TEST_F(AppTest, UnderscoresAreTakenForDashes) {
  const FoundVerb found = find_verb({"get_head_ip", "x.yaml"});
  ASSERT_NE(found.entry, nullptr);
  EXPECT_EQ(found.entry->name, "get-head-ip");
  EXPECT_EQ(find_verb({"state", "list"}).words, 2U);
  EXPECT_EQ(find_verb({"state"}).entry, nullptr);
}

TEST_F(AppTest, ExitStatuses) {
  const std::string good = cluster_file();
  const std::string bad = write("bad.yaml", "cluster_name: [\n");
  struct Case {
    std::vector<std::string> words;
    int status;
  };
  const Case cases[] = {
      {{"version"}, 0},
      {{"validate", good}, 0},
      {{"validate", bad}, 3},
      {{"validate", path("missing.yaml")}, 3},
      {{"plan", good}, 0},
      {{"plan", good, "--detailed-exitcode"}, 2},
      {{"plan", bad, "--detailed-exitcode"}, 1},
      {{"plan", good, "--no-restart", "--restart-only"}, 3},
      {{"plan", good, "--min-workers", "many"}, 3},
      {{"plan", good, "extra"}, 3},
      {{"apply", good}, 3},
      {{"apply", path("missing.json")}, 3},
      {{"exec", good, "true"}, 255},
      {{"exec", bad, "true"}, 255},
      {{"submit", good, path("missing.py")}, 255},
      {{"state", "rm", good, "cpu-9"}, 1},
      {{"state", "list", good}, 0},
      {{"logs", good, "cpu-9"}, 3},
      {{"get-head-ip", good}, 3},
      {{"completion", "powershell"}, 3},
      {{"help", "nonsense"}, 3},
      {{"plan", "--help"}, 0},
  };
  for (const Case& each : cases) {
    const Ran ran = run(each.words);
    EXPECT_EQ(ran.status, each.status) << each.words[0] << ": " << ran.out << ran.err;
    if (each.status != 0 && each.status != 2) {
      EXPECT_TRUE(ran.out.empty()) << "a failure wrote to stdout: " << ran.out;
      EXPECT_FALSE(ran.err.empty());
    }
  }
}

TEST_F(AppTest, JsonParsesInEveryBranch) {
  const std::string good = cluster_file();
  const std::string bad = write("bad.yaml", "cluster_name: [\n");
  const std::vector<std::vector<std::string>> verbs = {
      {"plan"},      {"status"},        {"validate"},      {"get-head-ip"},      {"get-worker-ips"},
      {"dashboard"}, {"state", "list"}, {"state", "show"}, {"state", "history"}, {"state", "lock"},
      {"migrate"}};
  for (const std::vector<std::string>& verb : verbs) {
    for (const std::string& file : {good, bad, path("missing.yaml")}) {
      std::vector<std::string> words = verb;
      words.insert(words.end(), {file, "--json"});
      const Ran ran = run(words);
      const Json json = Json::parse(ran.out, nullptr, false);
      ASSERT_TRUE(json.is_object()) << verb.back() << " " << file << ": " << ran.out << ran.err;
      EXPECT_TRUE(json.contains("format_version")) << ran.out;
      EXPECT_EQ(json.contains("error"), ran.status != 0) << ran.out;
      if (ran.status == 0) continue;
      EXPECT_TRUE(json["error"]["code"].get<std::string>().starts_with("RAYCTL-"));
    }
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"version", "--json"},
                                             {"schema"},
                                             {"plan", "--json"},
                                             {"state", "pull", good, "--json"},
                                             {"plan", good, "--json", "--nonsense"}}) {
    EXPECT_FALSE(Json::parse(run(words).out, nullptr, false).is_discarded()) << words[0];
  }
}

TEST_F(AppTest, EventsBeginWithTheirVersionEvenWhenNothingWorks) {
  for (const std::string& file : {cluster_file(), path("missing.yaml")}) {
    const Ran ran = run({"apply", file, "--json"});
    EXPECT_EQ(ran.status, 3);
    std::istringstream lines(ran.out);
    std::string line, last;
    std::getline(lines, line);
    EXPECT_EQ(Json::parse(line)["type"], "version");
    while (std::getline(lines, line))
      last = line;
    EXPECT_EQ(Json::parse(last)["type"], "error");
  }
}

TEST_F(AppTest, NobodyIsAskedWithoutATerminalOrInCi) {
  const std::string file = cluster_file();
  answer = "yes\n";
  EXPECT_NE(run({"apply", file}).err.find("--yes"), std::string::npos);
  terminal = true;
  env["CI"] = "true";
  const Ran ci = run({"apply", file});
  EXPECT_EQ(ci.status, 3);
  EXPECT_EQ(ci.err.find("[y/N]"), std::string::npos);
}

TEST_F(AppTest, ANoOnTheTerminalChangesNothing) {
  const std::string file = cluster_file();
  terminal = true;
  for (const std::string said : {"", "n\n", "maybe\n"}) {
    answer = said;
    const Ran ran = run({"apply", file});
    EXPECT_EQ(ran.status, 1);
    EXPECT_NE(ran.err.find("[y/N]"), std::string::npos);
    EXPECT_NE(ran.err.find("Nothing was changed"), std::string::npos);
  }
  EXPECT_EQ(run({"state", "show", file}).status, 1) << "something was recorded";
}

TEST_F(AppTest, EveryMissingSecretIsNamedBeforeAnythingIsDone) {
  const std::string file = write(
      "cluster.yaml",
      "cluster_name: demo\nprovider: {type: process}\navailable_node_types:\n"
      "  head: {node_config: {command: [sleep, \"60\"], env: {A: 'secret://env/NO_SUCH_ONE'}}}\n"
      "head_node_type: head\nsetup_commands: ['echo secret://file/no/such/file']\n");
  const Ran ran = run({"apply", file, "--yes"});
  EXPECT_EQ(ran.status, 3);
  for (const char* word : {"NO_SUCH_ONE", "/no/such/file", "RAYCTL-0103", "cluster.yaml:4:"}) {
    EXPECT_NE(ran.err.find(word), std::string::npos) << word << " is not in:\n" << ran.err;
  }
}

TEST_F(AppTest, ASavedPlanNamesItsFileAndIsCheckedAgainstIt) {
  const std::string file = cluster_file();
  EXPECT_EQ(run({"plan", file, "--out", path("saved.json")}).status, 0);
  write("cluster.yaml", *read_file(file) + "setup_commands: [echo new]\n");
  const Ran stale = run({"apply", path("saved.json"), "--yes"});
  EXPECT_EQ(stale.status, 8) << stale.err;
  EXPECT_NE(stale.err.find("RAYCTL-0401"), std::string::npos) << stale.err;
  write("broken.json", "{\"steps\": 1}");
  EXPECT_EQ(run({"apply", path("broken.json"), "--yes"}).status, 3);
}

TEST(ExitStatus, FollowsTheRuleOfTheVerb) {
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kConfigInvalid), 3);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kCredentials), 4);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kLocked), 5);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kJoinTimeout), 6);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kProviderUnavailable), 7);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kPlanStale), 8);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kForeignMachine), 9);
  EXPECT_EQ(exit_status(ExitRule::kByClass, ErrorCode::kInternal), 1);
  EXPECT_EQ(exit_status(ExitRule::kAlwaysOne, ErrorCode::kConfigInvalid), 1);
  EXPECT_EQ(exit_status(ExitRule::kRemote, ErrorCode::kConfigInvalid), 255);
}

TEST(Colour, NoColorWins) {
  std::ostringstream out;
  std::istringstream in;
  std::map<std::string, std::string> env;
  const Io io{.out = out, .err = out, .in = in, .env = [&](const std::string& name) {
                auto found = env.find(name);
                return found == env.end() ? std::nullopt : std::optional(found->second);
              }};
  EXPECT_TRUE(wants_color(io, true));
  EXPECT_FALSE(wants_color(io, false));
  env["FORCE_COLOR"] = "1";
  EXPECT_TRUE(wants_color(io, false));
  env["NO_COLOR"] = "1";
  EXPECT_FALSE(wants_color(io, true));
  env = {{"TERM", "dumb"}};
  EXPECT_FALSE(wants_color(io, true));
  env = {{"CLICOLOR", "0"}};
  EXPECT_FALSE(wants_color(io, true));
}

}  // namespace
}  // namespace rayctl
