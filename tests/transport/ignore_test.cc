#include "transport/ignore.h"

#include <gtest/gtest.h>

namespace rayctl {
namespace {

using Verdict = IgnoreRules::Verdict;

struct Case {
  std::string rules, path;  // a path that ends with "/" is a folder
  bool ignored;
};
void PrintTo(const Case& each, std::ostream* out) {
  *out << each.rules << " | " << each.path;
}

bool ignored(const IgnoreRules& rules, std::string path) {
  const bool folder = path.ends_with('/');
  if (folder) path.pop_back();
  return rules.match(path, folder) == Verdict::kIgnore;
}

class Gitignore : public testing::TestWithParam<Case> {};
TEST_P(Gitignore, Decides) {
  EXPECT_EQ(ignored(IgnoreRules::gitignore(GetParam().rules), GetParam().path), GetParam().ignored);
}

const Case kGit[] = {
    // without a slash: a name at any depth
    {"foo", "foo", true},
    {"foo", "a/b/foo", true},
    {"foo", "foo/", true},
    {"foo", "foobar", false},
    {"foo", "barfoo", false},
    {"*.o", "a/b/c.o", true},
    {"*.o", "c.oo", false},
    {"*", "anything", true},
    {"f?o", "fxo", true},
    {"f?o", "f/o", false},
    // a trailing slash: folders only
    {"build/", "build/", true},
    {"build/", "a/build/", true},
    {"build/", "build", false},
    // a slash at the beginning or in the middle anchors
    {"/foo", "foo", true},
    {"/foo", "a/foo", false},
    {"doc/*.txt", "doc/a.txt", true},
    {"doc/*.txt", "a/doc/a.txt", false},
    {"doc/*.txt", "doc/sub/a.txt", false},
    {"/*.c", "a.c", true},
    {"/*.c", "d/a.c", false},
    {"a/b/", "a/b/", true},
    {"a/b/", "x/a/b/", false},
    // two stars
    {"**/foo", "foo", true},
    {"**/foo", "a/b/foo", true},
    {"**/foo/bar", "x/foo/bar", true},
    {"**/foo/bar", "foo/bar", true},
    {"foo/**", "foo/a", true},
    {"foo/**", "foo/a/b", true},
    {"foo/**", "foo/", false},
    {"a/**/b", "a/b", true},
    {"a/**/b", "a/x/b", true},
    {"a/**/b", "a/x/y/b", true},
    {"a/**/b", "ab", false},
    {"a/**/b", "a/xb", false},
    {"a**b", "axxb", true},
    {"a**b", "a/b", false},
    {"**", "a/b", true},
    {"**/", "a/", true},
    {"**/", "a", false},
    {"/**", "a", true},
    // sets
    {"[abc].x", "b.x", true},
    {"[abc].x", "d.x", false},
    {"[!abc].x", "d.x", true},
    {"[^abc].x", "a.x", false},
    {"[a-c]", "b", true},
    {"[a-c]", "d", false},
    {"[]x]", "]", true},
    {"[a-]", "-", true},
    {"[[:digit:]]", "7", true},
    {"[[:digit:]]", "x", false},
    {"[[:alpha:][:digit:]]", "x", true},
    {"a[!x]b", "a/b", false},
    {"[\\]]", "]", true},
    // negation: the last rule that matches
    {"*.log\n!keep.log", "a.log", true},
    {"*.log\n!keep.log", "keep.log", false},
    {"!keep.log\n*.log", "keep.log", true},
    {"*\n!*/\n!*.py", "a/", false},
    {"*\n!*/\n!*.py", "x.py", false},
    {"*\n!*/\n!*.py", "x.c", true},
    // comments, escapes, blanks, line ends
    {"# foo", "# foo", false},
    {"\\#foo", "#foo", true},
    {"\\!foo", "!foo", true},
    {"\\*", "*", true},
    {"\\*", "x", false},
    {"foo  ", "foo", true},
    {"foo\\ ", "foo ", true},
    {"foo\r\nbar\r\n", "bar", true},
    {"\n\n", "x", false},
    {"!", "x", false},
    {"/", "x", false},
    {"Foo", "foo", false},
    {"caf\xc3\xa9", "caf\xc3\xa9", true},
    {"a*b*c*d", "axxbxxcxxd", true},
};
INSTANTIATE_TEST_SUITE_P(Table, Gitignore, testing::ValuesIn(kGit));

class RsyncExclude : public testing::TestWithParam<Case> {};
TEST_P(RsyncExclude, Decides) {
  EXPECT_EQ(ignored(IgnoreRules::rsync({GetParam().rules}), GetParam().path), GetParam().ignored);
}

const Case kRsync[] = {
    {"*.o", "a/b.o", true},
    {"foo", "a/foo/", true},
    {"/foo", "foo", true},
    {"/foo", "a/foo", false},
    {"foo/bar", "x/foo/bar", true},  // only a leading slash anchors
    {"foo/bar", "x/foo/bar/y", false},
    {"foo/bar", "xfoo/bar", false},
    {"foo/", "foo", false},
    {"foo/", "a/foo/", true},
    {"foo/***", "a/foo/", true},
    {"/foo/*/bar", "foo/down/bar", true},
    {"/foo/*/bar", "foo/down/down/bar", false},
    {"/foo/**/bar", "foo/down/down/bar", true},
    {"a**z", "a/b/z", true},
    {"**", "anything", true},
    {"!x", "x", false},
    {"", "x", false},
};
INSTANTIATE_TEST_SUITE_P(Table, RsyncExclude, testing::ValuesIn(kRsync));

TEST(Ignore, APatternMadeToBeSlowIsNot) {
  std::string pattern;
  for (int i = 0; i < 200; ++i)
    pattern += "*a";
  const IgnoreRules rules = IgnoreRules::gitignore(pattern + "b\n**/**/**/**/**/x");
  EXPECT_FALSE(ignored(rules, std::string(2000, 'a')));
}

TEST(Ignore, AnyBytesArePatterns) {
  for (unsigned seed = 1; seed < 3000; ++seed) {
    std::string pattern, path;
    unsigned state = seed * 2654435761U;
    for (int i = 0; i < 12; ++i) {
      state = state * 1664525U + 1013904223U;
      pattern += "ab/*?[]!-\\^:."[state >> 24 & 0xf ? (state >> 16) % 13 : 3];
      path += "ab/."[(state >> 8) % 4];
    }
    static_cast<void>(IgnoreRules::gitignore(pattern).match(path, false));
    static_cast<void>(IgnoreRules::rsync({pattern}).match(path, true));
  }
}

}  // namespace
}  // namespace rayctl
