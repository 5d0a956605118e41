#include "transport/file_copy.h"

#include <sys/stat.h>

#include <fstream>

#include "base/files.h"
#include "tests/contract/file_sync_contract.h"
#include "transport/file_fetch.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

TEST_P(FileSyncContract, CopiesNeverRemove) {
  write("a", "1");
  write("d/b", "2");
  const auto copy = [&] {
    const auto done = copy_files(runner, (base / "src").string(), "~/app", wanted(), soon());
    ASSERT_TRUE(done) << done.error().message;
  };
  copy();
  EXPECT_EQ(arrived(), wanted());
  fs::remove(base / "src/a");
  write("c", "3");
  copy();
  EXPECT_EQ(*read_file(home / "app/a"), "1");
  EXPECT_EQ(*read_file(home / "app/c"), "3");
  EXPECT_EQ(leftovers(), std::vector<std::string>{});
}

TEST_P(FileSyncContract, ACopyIntoAMountIsMadeRightByTheMount) {
  write("a", "1");
  synced();
  clock.sleep(Millis{1100}, {});
  write("a", "other");
  ASSERT_TRUE(copy_files(runner, (base / "src").string(), "~/app", wanted(), soon()));
  EXPECT_EQ(*read_file(home / "app/a"), "other");
  write("a", "1");
  EXPECT_EQ(synced().overwritten, 1U);
  EXPECT_EQ(*read_file(home / "app/a"), "1");
}

TEST_P(FileSyncContract, FetchesWhatIsThere) {
  const std::string longer(120, 'n');
  write("d/new\nline", "odd");
  write("-rf", "odd");
  write(longer + "/" + longer, "deep");
  write("big", std::string(5 << 20, 'b'));
  write("empty", "");
  fs::create_directories(base / "src/none");
  fs::create_symlink("../big", base / "src/d/link");
  fs::create_symlink(longer + "/" + longer, base / "src/to-long");
  fs::permissions(base / "src/big", fs::perms(0640));
  synced();
  const auto contents = fetch_files(runner, "~/app/", (base / "came").string(), soon());
  ASSERT_TRUE(contents) << contents.error().message << contents.error().context.size();
  EXPECT_EQ(contents->files, 5U);
  EXPECT_TRUE(contents->left_out.empty());
  EXPECT_EQ(manifest_of(base / "came"), wanted());
  write("big", "changed here");
  ASSERT_TRUE(fetch_files(runner, "~/app", (base / "came").string(), soon()));
  EXPECT_EQ(manifest_of(base / "came/app"), arrived());
}

TEST_P(FileSyncContract, FetchesAFile) {
  write("a", "1");
  synced();
  const auto fetch = [&](const std::string& target) {
    const auto done = fetch_files(runner, "~/app/a", target, soon());
    ASSERT_TRUE(done) << done.error().message;
  };
  fetch((base / "as-b").string());
  EXPECT_EQ(*read_file(base / "as-b"), "1");
  fetch((base / "new/folder/").string());
  EXPECT_EQ(*read_file(base / "new/folder/a"), "1");
  fetch(base.string());
  EXPECT_EQ(*read_file(base / "a"), "1");
  const auto missing = fetch_files(runner, "~/app/none", base.string(), soon());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kFilesFailed);
  EXPECT_NE(missing.error().message.find("~/app/none"), std::string::npos);
}

TEST_P(FileSyncContract, FetchedLinksStayInside) {
  write("in", "1");
  write("d/x", "1");
  fs::create_symlink("/etc/passwd", base / "src/absolute");
  fs::create_symlink("../../up", base / "src/d/up");
  fs::create_symlink("../in", base / "src/d/stays");
  fs::create_symlink("d/../../out", base / "src/winding");
  synced();
  const auto came = fetch_files(runner, "~/app/", (base / "came").string(), soon());
  ASSERT_TRUE(came) << came.error().message;
  EXPECT_EQ(came->left_out.size(), 3U);
  EXPECT_EQ(fs::read_symlink(base / "came/d/stays"), "../in");
  EXPECT_FALSE(fs::is_symlink(base / "came/absolute"));
  EXPECT_FALSE(fs::is_symlink(base / "came/d/up"));
}

}  // namespace
}  // namespace rayctl
