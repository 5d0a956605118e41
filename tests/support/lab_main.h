#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/tree/source_dir.h"

namespace rayctl {

/// The main() of a test program whose tests run inside a lab, all of them in one: starts itself
/// again by `script` (a path of the tree) with `words` before its own path, unless the lab's
/// `variable` is set or only the tests' names are asked for.
inline int main_in_lab(int argc, char** argv, const char* variable, const std::string& script,
                       std::vector<std::string> words) {
  const bool lists = std::any_of(argv + 1, argv + argc, [](const char* word) {
    return std::string_view(word) == "--gtest_list_tests";
  });
  if (lists || std::getenv(variable) != nullptr) {
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
  }
  const std::string lab = source_dir() + "/" + script;
  std::string self(4096, '\0');
  self.resize(static_cast<std::size_t>(
      std::max<ssize_t>(0, ::readlink("/proc/self/exe", self.data(), self.size()))));
  words.insert(words.begin(), lab);
  words.push_back(self);
  words.insert(words.end(), argv + 1, argv + argc);
  std::vector<char*> arguments;
  for (std::string& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(lab.c_str(), arguments.data());
  std::cerr << "cannot start " << lab << "\n";
  return 1;
}

}  // namespace rayctl
