#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

// The tests run beside a Docker of their own (fixtures/docker/docker.sh). Where it cannot start,
// they fail.
int main(int argc, char** argv) {
  bool lists = false;
  for (int i = 1; i < argc; ++i)
    lists = lists || std::string(argv[i]) == "--gtest_list_tests";
  if (!lists && std::getenv("RAYCTL_DOCKER") == nullptr) {
    const std::string docker = std::string(RAYCTL_SOURCE_DIR) + "/fixtures/docker/docker.sh";
    std::string self(4096, '\0');
    self.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::readlink("/proc/self/exe", self.data(), self.size()))));
    std::vector<std::string> words{docker, "run", self};
    words.insert(words.end(), argv + 1, argv + argc);
    std::vector<char*> arguments;
    for (std::string& word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(docker.c_str(), arguments.data());
    std::cerr << "cannot start " << docker << "\n";
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
