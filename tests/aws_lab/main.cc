#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

// The tests run inside the AWS lab, all of them in one.
int main(int argc, char** argv) {
  if (std::getenv("AWSLAB") == nullptr) {
    const std::string lab = std::string(RAYCTL_SOURCE_DIR) + "/fixtures/awslab/awslab.sh";
    std::string self(4096, '\0');
    self.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::readlink("/proc/self/exe", self.data(), self.size()))));
    // Instances that begin and end at once, as far as they ever do.
    ::setenv("AWSLAB_PENDING", "0.05", 1);
    ::setenv("AWSLAB_LEAVING", "0.05", 1);
    std::vector<std::string> words{lab, "run", self};
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
