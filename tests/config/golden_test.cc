#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "tests/config/support.h"
#include "tests/support/tree/source_dir.h"

// fixtures/config/bad/<case>/{cluster.yaml,expected.txt}: what a person is told. With
// RAYCTL_ACCEPT=1 the answers of this build become the expected ones, and the run fails.

namespace rayctl {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> cases(const std::string& kind) {
  std::vector<fs::path> found;
  for (const auto& entry :
       fs::directory_iterator(fs::path(source_dir()) / "fixtures/config" / kind)) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string answer(const fs::path& file) {
  std::string folder = file.parent_path().string();
  std::string text = listed(parse_config(bytes_of(file), file, {.home = folder + "/home"}));
  for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
    text.replace(at, folder.size(), "@");
  }
  return text;
}

class Bad : public testing::TestWithParam<fs::path> {};

TEST_P(Bad, IsExplained) {
  std::string text = answer(GetParam() / "cluster.yaml");
  EXPECT_NE(text.find(": error: "), std::string::npos) << "no error at all:\n" << text;
  fs::path expected = GetParam() / "expected.txt";
  if (std::getenv("RAYCTL_ACCEPT") != nullptr) {
    write_bytes(expected, text);
    FAIL() << "accepted, not tested: " << expected;
  }
  EXPECT_EQ(text, bytes_of(expected));
}

std::string case_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.stem();
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Golden, Bad, testing::ValuesIn(cases("bad")), case_name);

class Good : public testing::TestWithParam<fs::path> {};

TEST_P(Good, HasNothingToSay) {
  EXPECT_EQ(answer(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Golden, Good, testing::ValuesIn(cases("good")), case_name);

}  // namespace
}  // namespace rayctl
