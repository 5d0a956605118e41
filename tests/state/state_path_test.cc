#include "state/state_path.h"

#include <gtest/gtest.h>

#include <set>

namespace rayctl {
namespace {

std::string folder(const std::string& cluster) {
  return state_path("/home", {cluster}).parent_path().filename().string();
}

TEST(StatePath, PlainNamesStayReadable) {
  EXPECT_EQ(state_path("/home/ana/.local/state/rayctl", {"demo-1"}),
            "/home/ana/.local/state/rayctl/demo-1/state.db");
  EXPECT_EQ(folder("A_b.c"), "A_b.c");
}

TEST(StatePath, OddNamesAreEncoded) {
  EXPECT_EQ(folder("a/b"), "a%2Fb");
  EXPECT_EQ(folder("a:b c"), "a%3Ab%20c");
  EXPECT_EQ(folder(".."), "%2E.");
  EXPECT_EQ(folder("."), "%2E");
  EXPECT_EQ(folder(".hidden"), "%2Ehidden");
  EXPECT_EQ(folder("100%"), "100%25");
  EXPECT_EQ(folder("\xC3\xA9"), "%C3%A9");
  EXPECT_EQ(folder(""), "%");
  EXPECT_EQ(folder(std::string("a\0b", 3)), "a%00b");
}

TEST(StatePath, NoTwoNamesShareAFolderAndNoneLeaves) {
  std::vector<std::string> names = {"",    "%",     "%%",    "~",   "a",   "A",
                                    "a/b", "a%2Fb", "a%2fb", ".",   "..",  "../..",
                                    "%2E", "%2E.",  "a b",   "a+b", "a\nb"};
  for (const std::size_t size : {60U, 61U, 63U, 64U, 100U, 101U, 255U, 5'000U}) {
    names.push_back(std::string(size, 'x'));
    names.push_back(std::string(size, 'x') + "y");
    names.push_back(std::string(size, '/'));
  }
  names.push_back(folder(std::string(5'000, 'x')));  // what a long one was shortened to
  std::set<std::string> folders;
  for (const std::string& name : names) {
    const std::filesystem::path path = state_path("/home", {name});
    EXPECT_EQ(path.parent_path().parent_path(), "/home") << name;
    EXPECT_EQ(path, path.lexically_normal()) << name;
    EXPECT_LE(folder(name).size(), 255U);
    folders.insert(folder(name));
  }
  EXPECT_EQ(folders.size(), std::set<std::string>(names.begin(), names.end()).size());
}

TEST(StatePath, ChosenByFlagOrVariable) {
  EXPECT_EQ(state_path("/home", {"demo"}, "/x/y.db"), "/x/y.db");
  EXPECT_EQ(state_path("/home", {"demo"}, "here.db"), "here.db");
  EXPECT_EQ(state_path("/home", {"demo"}, "/x/"), "/x/demo/state.db");
}

}  // namespace
}  // namespace rayctl
