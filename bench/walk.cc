// walk FOLDER: one stat per file below it, and nothing else: what a warm hash cannot be below on
// one core.
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <iostream>

int main(int count, char** words) {
  if (count != 2) return 2;
  std::uint64_t files = 0, bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(words[1])) {
    struct stat found {};
    if (::lstat(entry.path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    ++files;
    bytes += static_cast<std::uint64_t>(found.st_size);
  }
  std::cout << files << " files, " << bytes << " bytes\n";
}
