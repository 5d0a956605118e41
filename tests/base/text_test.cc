#include "base/text.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

namespace rayctl {
namespace {

using Lines = std::vector<std::string>;

TEST(Text, SplitAndJoin) {
  EXPECT_EQ(split("", ','), Lines{""});
  EXPECT_EQ(split("a", ','), Lines{"a"});
  EXPECT_EQ(split(",a,,b,", ','), (Lines{"", "a", "", "b", ""}));
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

TEST(Text, Trim) {
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(" \t\n"), "");
  EXPECT_EQ(trim("  a b \r\n"), "a b");
}

TEST(Text, Nearest) {
  const Lines keys = {"max_workers", "min_workers", "cluster_name", "provider", "gpu"};
  EXPECT_EQ(nearest("max_worker", keys), "max_workers");
  EXPECT_EQ(nearest("mxa_workers", keys), "max_workers");
  EXPECT_EQ(nearest("Max-Workers", keys), "max_workers");
  EXPECT_EQ(nearest("clustername", keys), "cluster_name");
  EXPECT_EQ(nearest("gpus", keys), "gpu");
  EXPECT_EQ(nearest("zebra", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("provider", {}), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'a'), {std::string(1'000'000, 'a')}), "");
}

TEST(Text, Plural) {
  EXPECT_EQ(plural(0, "node"), "0 nodes");
  EXPECT_EQ(plural(1, "node"), "1 node");
  EXPECT_EQ(plural(2, "node"), "2 nodes");
  EXPECT_EQ(plural(2, "process"), "2 processes");
  EXPECT_EQ(plural(2, "entry"), "2 entries");
  EXPECT_EQ(plural(2, "key"), "2 keys");
  EXPECT_EQ(plural(1, "entry"), "1 entry");
}

TEST(Text, GlobMatch) {
  struct Case {
    const char *pattern, *name;
    bool matches;
  };
  const Case cases[] = {
      {"", "", true},           {"", "a", false},         {"*", "", true},
      {"*", "any/thing", true}, {"gpu-*", "gpu-3", true}, {"gpu-*", "cpu-3", false},
      {"gpu-?", "gpu-3", true}, {"gpu-?", "gpu-", false}, {"gpu-?", "gpu-33", false},
      {"*-*", "a-b-c", true},   {"a*b*c", "aXbYc", true}, {"a*b*c", "aXbY", false},
      {"[a-c]x", "bx", true},   {"[a-c]x", "dx", false},  {"[!a-c]x", "dx", true},
      {"[^a-c]x", "ax", false}, {"[]]x", "]x", true},     {"[a-]x", "-x", true},
      {"[abc", "[abc", true},   {"[abc", "a", false},     {"*[0-9]", "gpu-12", true},
      {"a**b", "ab", true},     {"?", "*", true},         {"a", "A", false},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(glob_match(each.pattern, each.name), each.matches)
        << each.pattern << " against " << each.name;
  }
}

TEST(Text, GlobOfManyStarsIsQuick) {
  std::string pattern;
  for (int i = 0; i < 50; ++i)
    pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(2'000, 'a')));
}

TEST(Text, LastLines) {
  EXPECT_EQ(last_lines("", 3), Lines{});
  EXPECT_EQ(last_lines("a\nb\nc\n", 2), (Lines{"b", "c"}));
  EXPECT_EQ(last_lines("a\nb\nc", 2), (Lines{"b", "c"}));
  EXPECT_EQ(last_lines("a\n\nc", 9), (Lines{"a", "", "c"}));
  EXPECT_EQ(last_lines("a", 0), Lines{});
}

TEST(Text, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(3'100'000), "3.1 MB");
  EXPECT_EQ(format_bytes(999'999), "1.0 MB");
  EXPECT_EQ(format_bytes(~0ULL), "18.4 EB");
}

/// What a POSIX shell makes of a quoted word.
std::string through_shell(const std::string& word) {
  const std::string line = "printf %s " + shell_quote(word);
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(line.c_str(), "r"), pclose);
  std::array<char, 4096> chunk;
  return std::string(chunk.data(), fread(chunk.data(), 1, chunk.size(), pipe.get()));
}

TEST(Text, ShellQuoteSurvivesAShell) {
  EXPECT_EQ(shell_quote("/usr/bin/ray"), "/usr/bin/ray");
  std::string all;
  for (int c = 1; c < 256; ++c)
    all += static_cast<char>(c);
  for (const std::string& word :
       Lines{"", "a b", "it's", "$(id)", "`id`", "~", "=x", "*", "a\nb", "-n", "'", "\\", all}) {
    EXPECT_EQ(through_shell(word), word);
  }
}

}  // namespace
}  // namespace rayctl
