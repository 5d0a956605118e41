#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#ifndef RAYCTL_LAB_NODES
#define RAYCTL_LAB_NODES "2"
#endif

// The tests run inside the host lab: so many machines, and one that only the first can reach.
int main(int argc, char** argv) {
  bool lists = false;
  for (int i = 1; i < argc; ++i)
    lists = lists || std::string(argv[i]) == "--gtest_list_tests";
  if (!lists && std::getenv("HOSTLAB") == nullptr) {
    const std::string lab = std::string(RAYCTL_SOURCE_DIR) + "/fixtures/hostlab/hostlab.sh";
    std::string self(4096, '\0');
    self.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::readlink("/proc/self/exe", self.data(), self.size()))));
    std::vector<std::string> words{lab, "run", "-n", RAYCTL_LAB_NODES, "-p", "1", self};
    words.insert(words.end(), argv + 1, argv + argc);
    std::vector<char*> arguments;
    for (std::string& word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(lab.c_str(), arguments.data());
    std::cerr << "cannot start " << lab << "\n";
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
