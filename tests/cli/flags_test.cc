#include "cli/flags.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rayctl {
namespace {

struct Given {
  bool yes = false, refresh = true;
  std::string out, file;
  std::optional<int> most;
  std::vector<std::string> targets, rest;
  Millis patience{0};
};

Result<bool> parse(Given& given, const std::vector<std::string>& words) {
  Flags flags;
  flags.argument("FILE", given.file);
  flags.arguments("REST", given.rest);
  flags.flag("-y,--yes", given.yes);
  flags.flag("--refresh", given.refresh);
  flags.value("--out", given.out);
  flags.value("--most", given.most);
  flags.values("--target", given.targets);
  flags.duration("--patience", given.patience);
  flags.ignored("--old-way", true);
  return flags.parse(words);
}

TEST(Flags, BindEveryKind) {
  Given given;
  const Result<bool> parsed =
      parse(given, {"a.yaml", "-y", "--refresh=false", "--out", "x", "--most=3", "--target", "a",
                    "--target", "b", "--patience", "5m", "--old-way", "z", "--", "-l", "--yes"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(*parsed);
  EXPECT_TRUE(given.yes);
  EXPECT_FALSE(given.refresh);
  EXPECT_EQ(given.out, "x");
  EXPECT_EQ(given.file, "a.yaml");
  EXPECT_EQ(given.most, 3);
  EXPECT_EQ(given.targets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(given.patience, Millis{300'000});
  EXPECT_EQ(given.rest, (std::vector<std::string>{"-l", "--yes"}));
}

TEST(Flags, AFlagThatMayBeRepeatedTakesOneValueAtATime) {
  Given given;
  ASSERT_TRUE(parse(given, {"a.yaml", "--target", "a", "word", "--target", "b", "more"}));
  EXPECT_EQ(given.targets, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(given.rest, (std::vector<std::string>{"word", "more"}));
}

TEST(Flags, HelpIsSeenBeforeAnythingIsWrong) {
  Given given;
  const Result<bool> parsed = parse(given, {"--nonsense", "--help"});
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(*parsed);
  EXPECT_TRUE(parse(given, {"f", "--", "--help"})) << "that one is the command's own";
}

TEST(Flags, SayWhatIsWrong) {
  struct Case {
    std::vector<std::string> words;
    std::string says;
  };
  const Case cases[] = {{{}, "FILE"},
                        {{"f", "--yess"}, "did you mean `--yes`?"},
                        {{"f", "--most", "x"}, "whole number"},
                        {{"f", "--most", "-3"}, "whole number"},
                        {{"f", "--patience", "soon"}, "90s"},
                        {{"f", "--out"}, "--out"}};
  for (const Case& each : cases) {
    Given given;
    const Result<bool> parsed = parse(given, each.words);
    ASSERT_FALSE(parsed) << each.says;
    EXPECT_EQ(parsed.error().code, ErrorCode::kUsage);
    EXPECT_NE(parsed.error().message.find(each.says), std::string::npos) << parsed.error().message;
  }
}

TEST(Flags, AreMirroredByVariablesAndWinOverThem) {
  setenv("RAYCTL_MOST", "7", 1);
  setenv("RAYCTL_YES", "1", 1);
  Given given;
  ASSERT_TRUE(parse(given, {"f"}));
  EXPECT_EQ(given.most, 7);
  EXPECT_TRUE(given.yes);
  Given chosen;
  ASSERT_TRUE(parse(chosen, {"f", "--most", "2"}));
  EXPECT_EQ(chosen.most, 2);
  unsetenv("RAYCTL_MOST");
  unsetenv("RAYCTL_YES");
}

TEST(Durations, TakeUnits) {
  EXPECT_EQ(parse_duration("90"), Millis{90'000});
  EXPECT_EQ(parse_duration("250ms"), Millis{250});
  EXPECT_EQ(parse_duration("1h"), Millis{3'600'000});
  EXPECT_EQ(parse_duration("0"), Millis{0});
  for (const char* wrong : {"", "s", "-1s", "1d", "1 s", "99999999999999999999", "1000000001h"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace rayctl
