#include "providers/shell_words.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace rayctl {
namespace {

TEST(ShellWords, SplitsAsAShellDoes) {
  const auto words = [](const std::string& text) {
    const auto found = shell_words(text);
    return found ? join(*found, "|") : "error";
  };
  EXPECT_EQ(words("  a  b\tc "), "a|b|c");
  EXPECT_EQ(words("'a b'c \"d 'e\" ''"), "a bc|d 'e|");
  EXPECT_EQ(words("a\\ b \"x\\\"y\" 'p\\q' \"m\\n\""), "a b|x\"y|p\\q|m\\n");
  EXPECT_EQ(words("$HOME `x` *"), "$HOME|`x`|*");
  EXPECT_EQ(words(""), "");
  EXPECT_EQ(words("'open"), "error");
  EXPECT_EQ(words("a\""), "error");
}

}  // namespace
}  // namespace rayctl
