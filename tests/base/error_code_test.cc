#include "base/error_code.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <regex>
#include <set>

#include "base/files.h"
#include "tests/support/tree/source_dir.h"

namespace rayctl {
namespace {

std::string source(const char* path) {
  return *read_file(source_dir() + "/" + path);
}

/// The numbers of the enumerators in the header.
std::set<int> declared() {
  const std::string header = source("base/error_code.h");
  const std::string body = header.substr(0, header.find("enum class ExitClass"));
  const std::regex pattern(R"(\bk\w+ = (\d+),)");
  std::set<int> numbers;
  for (std::sregex_iterator at(body.begin(), body.end(), pattern), end; at != end; ++at) {
    numbers.insert(std::stoi((*at)[1]));
  }
  return numbers;
}

TEST(ErrorCode, EveryOneHasARowInOrder) {
  std::set<int> rows;
  int last = 0;
  for (const ErrorCodeInfo& row : error_codes()) {
    EXPECT_GT(static_cast<int>(row.code), last);
    last = static_cast<int>(row.code);
    rows.insert(last);
    EXPECT_NE(row.exit_class, ExitClass::kOk);
    EXPECT_TRUE(row.meaning.ends_with('.')) << last;
    EXPECT_TRUE(row.remedy.empty() || row.remedy.ends_with('.')) << last;
    EXPECT_EQ(&error_code_info(row.code), &row);
  }
  EXPECT_EQ(rows, declared());
}

TEST(ErrorCode, AnUnknownNumberIsInternal) {
  EXPECT_EQ(error_code_info(static_cast<ErrorCode>(9999)).code, ErrorCode::kInternal);
}

TEST(ErrorCode, TheManualListsThemAllAndNoOther) {
  const std::string manual = source("docs/exit-codes.md");
  std::string expected;
  for (const ErrorCodeInfo& row : error_codes()) {
    char code[16];
    std::snprintf(code, sizeof code, "RAYCTL-%04d", static_cast<int>(row.code));
    expected += std::string("| ") + code + " | " +
                std::to_string(static_cast<int>(row.exit_class)) + " | " +
                std::string(row.meaning) + " | " + std::string(row.remedy) + " |\n";
  }
  const std::size_t start = manual.find("| RAYCTL-");
  ASSERT_NE(start, std::string::npos);
  EXPECT_EQ(manual.substr(start), expected);
}

TEST(ErrorCode, TheManualListsEveryStatus) {
  const std::string manual = source("docs/exit-codes.md");
  for (const int status : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    EXPECT_NE(manual.find("\n| " + std::to_string(status) + " | "), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace rayctl
