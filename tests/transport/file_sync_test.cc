#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "base/files.h"
#include "base/text.h"
#include "tests/contract/file_sync_contract.h"
#include "transport/local_runner.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

fs::path new_folder() {
  std::string pattern = testing::TempDir() + "node-XXXXXX";
  return ::mkdtemp(pattern.data());
}

struct Gone {
  fs::path path;
  explicit Gone(fs::path folder) : path(std::move(folder)) {}
  ~Gone() { fs::remove_all(path); }
  Gone(const Gone&) = delete;
  Gone& operator=(const Gone&) = delete;
};

RunnerUnderTest local(const fs::path& folder, const std::string& path) {
  const fs::path home = folder / "home";
  fs::create_directories(home);
  LocalRunnerSettings settings{.home = home.string(), .env = {{"PATH", path}}, .confined = true};
  return {std::make_unique<LocalRunner>(settings), home, std::make_shared<Gone>(folder)};
}

RunnerUnderTest usual() {
  return local(new_folder(), std::getenv("PATH"));
}

// A node whose every program is BusyBox.
RunnerUnderTest busybox() {
  const fs::path folder = new_folder();
  fs::create_directories(folder / "bin");
  const std::string install = "busybox --install -s " + (folder / "bin").string();
  EXPECT_EQ(std::system(install.c_str()), 0) << "BusyBox is missing. Run ./dev setup";
  return local(folder, (folder / "bin").string());
}

// One without the programs that only spare work.
RunnerUnderTest bare() {
  const fs::path folder = new_folder();
  fs::create_directories(folder / "bin");
  for (const char* program : {"sh", "tar", "xargs", "find", "mv", "rm", "rmdir", "mkdir", "cat",
                              "cmp", "wc", "tail", "tr", "head", "chmod", "cksum", "sync"})
    fs::create_symlink("/usr/bin/" + std::string(program), folder / "bin" / program);
  return local(folder, (folder / "bin").string());
}

INSTANTIATE_TEST_SUITE_P(Usual, FileSyncContract, testing::Values(usual));
INSTANTIATE_TEST_SUITE_P(BusyBox, FileSyncContract, testing::Values(busybox));
INSTANTIATE_TEST_SUITE_P(Bare, FileSyncContract, testing::Values(bare));

// A node on which the Nth program that a script starts is the last: all is killed there.
class Killed : public FileSyncContract {
 public:
  void die_at(int count) const {
    std::ofstream(bin / "last") << count << "\n";
    std::ofstream(bin / "begun") << "";
    std::ofstream(bin / "dead") << "";
  }
  bool died() const { return !read_file(bin / "dead")->empty(); }
  const fs::path bin = home.parent_path() / "bin";
};

RunnerUnderTest mortal() {
  const fs::path folder = new_folder();
  fs::create_directories(folder / "bin");
  const std::string bin = (folder / "bin").string();
  for (const char* program :
       {"tar",  "xargs", "find", "mv",    "rm",   "rmdir", "mkdir", "cat", "cmp", "wc",
        "tail", "tr",    "head", "chmod", "stat", "sync",  "gzip",  "cp",  "dd",  "touch"}) {
    std::ofstream(folder / "bin" / program)
        << "#!/bin/sh\nbin=" << bin << "\necho x >>$bin/begun\nread -r last <$bin/last\n"
        << "if [ \"$last\" -gt 0 ] && [ \"$(/usr/bin/wc -l <$bin/begun)\" -ge \"$last\" ]; then\n"
        << "  echo x >$bin/dead; kill -KILL 0\nfi\nexec /usr/bin/" << program << " \"$@\"\n";
    fs::permissions(folder / "bin" / program, fs::perms(0755));
  }
  std::ofstream(folder / "bin/last") << "0\n";
  return local(folder, bin + ":/usr/bin:/bin");
}

TEST_P(Killed, AnywhereTheNextOneMakesItRight) {
  int points = 0;
  for (int at = 1;; ++at) {
    for (const fs::path& folder : {home, base / "src"}) {
      fs::remove_all(folder);
      fs::create_directories(folder);
    }
    die_at(0);
    write("a", "old");
    const std::string old_large((1 << 20) + 7, 'o');
    write("large", old_large);
    write("gone/b", "2");
    write("file-then-folder", "2");
    write("folder-then-file/x", "2");
    synced();
    write_there("app/gone/theirs", "kept");
    // The run that is killed brings a file that the next one no longer has.
    fs::remove_all(base / "src/gone");
    fs::remove_all(base / "src/folder-then-file");
    fs::remove_all(base / "src/file-then-folder");
    write("a", "new");
    std::string new_large = old_large;
    new_large[500'000] = 'n';
    write("large", new_large);
    write("passing", "4");
    write("passing-too/x", "4");
    write("file-then-folder/x", "4");
    write("folder-then-file", "4");
    fs::create_symlink("a", base / "src/link");
    die_at(at);
    const bool whole = sync().ok();
    const std::string a = *read_file(home / "app/a");
    EXPECT_TRUE(a == "old" || a == "new") << at << ": " << a;
    const std::string large = *read_file(home / "app/large");
    EXPECT_TRUE(large == old_large || large == new_large) << at;
    const bool dead = died();
    die_at(0);
    if (at % 2 == 0) {
      fs::remove(base / "src/passing");
      fs::remove_all(base / "src/passing-too");
      fs::remove_all(base / "src/file-then-folder");
      write("file-then-folder", "5");
    }
    synced();
    EXPECT_EQ(*read_file(home / "app/gone/theirs"), "kept") << at;
    fs::remove_all(home / "app/gone");
    EXPECT_EQ(arrived(), wanted()) << at;
    EXPECT_EQ(leftovers(), std::vector<std::string>{}) << at;
    if (HasFailure()) break;
    if (whole && !dead) break;
    ++points;
  }
  EXPECT_GE(points, 30);
}
INSTANTIATE_TEST_SUITE_P(Local, Killed, testing::Values(mortal));

TEST(FileSync, OutsideOfAConfinedHomeIsRefused) {
  RunnerUnderTest node = usual();
  const auto done = sync_mount(*node.runner, node.home.string(), "/nonexistent/elsewhere", {},
                               SystemClock().now() + Millis{5000});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNotSupported);
}

}  // namespace
}  // namespace rayctl
