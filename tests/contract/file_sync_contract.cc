#include "tests/contract/file_sync_contract.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>

#include "base/files.h"

namespace rayctl {

namespace fs = std::filesystem;

namespace {

// Counts what passes.
class Meter final : public CommandRunner {
 public:
  explicit Meter(CommandRunner& inner) : inner_(inner) {}
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink) override {
    ++commands;
    Command counted = command;
    if (command.stream) counted.stream = std::make_shared<Counter>(command.stream, *this);
    return inner_.run(counted, deadline, [&](std::string_view piece, bool is_stderr) {
      said += piece.size();
      if (sink) sink(piece, is_stderr);
    });
  }
  Result<> upload(const fs::path&, const std::string&, unsigned, Time) override { return Error{}; }
  Result<> download(const std::string&, const fs::path&, Time) override { return Error{}; }
  Result<> put(std::string_view, const std::string&, unsigned, Time) override { return Error{}; }
  int commands = 0;
  std::uint64_t sent = 0, said = 0;

 private:
  class Counter final : public ByteSource {
   public:
    Counter(std::shared_ptr<ByteSource> inner, Meter& meter)
        : inner_(std::move(inner)), meter_(meter) {}
    std::size_t read(char* buffer, std::size_t size) override {
      const std::size_t got = inner_->read(buffer, size);
      meter_.sent += got;
      return got;
    }

   private:
    const std::shared_ptr<ByteSource> inner_;
    Meter& meter_;
  };
  CommandRunner& inner_;
};

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::ifstream("/dev/urandom").read(bytes.data(), static_cast<std::streamsize>(size));
  return bytes;
}

}  // namespace

FileSyncContract::FileSyncContract() {
  std::string pattern = testing::TempDir() + "sync-XXXXXX";
  base = ::mkdtemp(pattern.data());
  fs::create_directories(base / "src");
}

FileSyncContract::~FileSyncContract() {
  fs::remove_all(base);
}

void FileSyncContract::write(const std::string& path, const std::string& bytes) const {
  fs::create_directories((base / "src" / path).parent_path());
  std::ofstream(base / "src" / path, std::ios::binary) << bytes;
}

Manifest FileSyncContract::manifest_of(const fs::path& source) const {
  const Result<Manifest> built = build_manifest(source.string(), {}, no_hash_cache());
  EXPECT_TRUE(built) << built.error().message;
  return built ? *built : Manifest{};
}

Result<SyncReport> FileSyncContract::sync(const Manifest* last, const std::string& source) {
  const fs::path from = base / source;
  return sync_mount(runner, from.string(), "~/app", manifest_of(from), soon(60), last);
}

SyncReport FileSyncContract::synced(const Manifest* last, const std::string& source) {
  const Result<SyncReport> done = sync(last, source);
  if (done) return *done;
  ADD_FAILURE() << done.error().message << " "
                << (done.error().context.empty() ? "" : done.error().context.back());
  return {};
}

void FileSyncContract::write_there(const std::string& path, const std::string& bytes) {
  const auto ran = runner.run({{"sh", "-c", "cat >\"$1\"", "sh", path}, {}, bytes}, soon());
  ASSERT_TRUE(ran && ran->exit_code == 0);
}

bool FileSyncContract::has(const std::string& program) {
  const auto ran = runner.run({{"sh", "-c", "command -v " + program}, {}, ""}, soon());
  return ran && ran->exit_code == 0;
}

std::vector<std::string> FileSyncContract::leftovers() const {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(home)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name.ends_with(".log") || name.ends_with(".names") ||
                      name.ends_with(".stat") || name.ends_with(".now") ||
                      entry.path().string().find(".blocks") != std::string::npos;
    const bool ours = entry.path().string().find("/.rayctl/mounts/") != std::string::npos;
    if ((ours && !kept) || name.starts_with(".rayctl-sync")) found.push_back(entry.path());
  }
  return found;
}

TEST_P(FileSyncContract, SendsChangesAndRemovesTheRest) {
  write("a", "1");
  write("deep/er/b", "2");
  write("deep/c", "3");
  fs::permissions(base / "src/a", fs::perms(0700));
  fs::permissions(base / "src/deep/er", fs::perms(0700));
  fs::create_symlink("a", base / "src/link");
  EXPECT_EQ(synced().delta.added, 4U);
  EXPECT_EQ(arrived(), wanted());

  write("a", "changed");
  fs::remove_all(base / "src/deep/er");
  fs::remove(base / "src/link");
  fs::create_symlink("deep/c", base / "src/link");
  write_there("app/deep/theirs", "made on the node");
  const SyncReport second = synced();
  EXPECT_EQ(second.delta.changed, 2U);
  EXPECT_EQ(second.delta.removed, 1U);
  EXPECT_EQ(second.overwritten, 0U);
  EXPECT_FALSE(fs::exists(home / "app/deep/er"));
  EXPECT_EQ(*read_file(home / "app/a"), "changed");
  EXPECT_EQ(fs::read_symlink(home / "app/link"), "deep/c");
  EXPECT_EQ(*read_file(home / "app/deep/theirs"), "made on the node");
  EXPECT_EQ(leftovers(), std::vector<std::string>{});
}

TEST_P(FileSyncContract, AChangeIsTwoCommandsAndNoChangeIsOne) {
  for (int i = 0; i < 600; ++i)
    write("d" + std::to_string(i % 10) + "/file" + std::to_string(i), std::to_string(i));
  Meter meter(runner);
  const std::string from = (base / "src").string();
  const auto meet = [&](const Manifest* last) {
    meter.commands = 0;
    meter.sent = meter.said = 0;
    const auto done = sync_mount(meter, from, "~/app", wanted(), soon(), last);
    EXPECT_TRUE(done) << done.error().message;
  };
  meet(nullptr);
  EXPECT_EQ(meter.commands, 2);
  EXPECT_EQ(arrived(), wanted());
  const Manifest first = wanted();
  meet(&first);
  EXPECT_EQ(meter.commands, 1);
  EXPECT_EQ(meter.sent, 0U);
  EXPECT_LT(meter.said, 1000U) << "the list need not travel";
  write("d3/file3", "other");
  meet(&first);
  EXPECT_EQ(meter.commands, 2);
  EXPECT_LT(meter.sent, has("gzip") ? 3000U : 10'000U);
  EXPECT_LT(meter.said, 1000U);
  EXPECT_EQ(arrived(), wanted());
  fs::remove_all(base / "src/d4");
  meet(&first);  // a belief that is not true costs the list, no more
  EXPECT_EQ(meter.commands, 2);
  EXPECT_EQ(arrived(), wanted());
}

TEST_P(FileSyncContract, AFileBecomesAFolderAndBack) {
  write("x", "file");
  fs::create_symlink("x", base / "src/y");
  synced();
  fs::remove(base / "src/x");
  fs::remove(base / "src/y");
  write("x/y", "folder");
  write("y/z", "folder");
  synced();
  EXPECT_EQ(arrived(), wanted());
  fs::remove_all(base / "src/x");
  write("x", "file again");
  synced();
  EXPECT_EQ(arrived(), wanted());

  std::ofstream(base / "single") << "alone";
  synced(nullptr, "single");
  EXPECT_EQ(*read_file(home / "app"), "alone");
  std::ofstream(base / "single") << "still";
  synced(nullptr, "single");
  EXPECT_EQ(*read_file(home / "app"), "still");
  synced();
  EXPECT_EQ(arrived(), wanted());
  EXPECT_EQ(leftovers(), std::vector<std::string>{});
}

TEST_P(FileSyncContract, OddNamesAndLongOnes) {
  for (const char* name : {"-rf", "a b", "new\nline", "quote'\"$(x)", "\xff\xfe", "~", "\xc3\xa9",
                           "back\\slash", "*", "tab\t", "1 ./x"})
    write(std::string("d/") + name, name);
  const std::string longer(120, 'n');
  write(longer + "/" + longer + "/" + longer, "deep");
  fs::create_symlink("-x $(y)", base / "src/-link");
  fs::create_symlink(longer + longer, base / "src/" / (longer + "l"));
  synced();
  EXPECT_EQ(arrived(), wanted());
  write("d/new\nline", "changed");
  synced();
  EXPECT_EQ(arrived(), wanted());
  fs::remove_all(base / "src/d");
  fs::remove_all(base / "src" / longer);
  write("left", "1");
  synced();
  EXPECT_EQ(arrived(), wanted());
}

TEST_P(FileSyncContract, EmptyFoldersTravel) {
  synced();
  EXPECT_TRUE(fs::is_directory(home / "app"));
  fs::create_directories(base / "src/logs/old");
  write("a", "1");
  synced();
  EXPECT_EQ(arrived(), wanted());
  fs::remove_all(base / "src/logs/old");
  synced();
  EXPECT_EQ(arrived(), wanted());
  fs::remove_all(home / "app");  // by somebody on the node
  EXPECT_EQ(synced().overwritten, 1U);
  EXPECT_EQ(arrived(), wanted());
}

TEST_P(FileSyncContract, LinksThatLeadNowhereOrOutsideAreLinks) {
  fs::create_symlink("/nowhere/at/all", base / "src/broken");
  fs::create_directory_symlink("/etc", base / "src/outside");
  fs::create_symlink("../../up", base / "src/up");
  synced();
  EXPECT_EQ(arrived(), wanted());
  EXPECT_TRUE(fs::is_symlink(home / "app/outside"));
}

TEST_P(FileSyncContract, OnlyTheModeChanged) {
  write("run.sh", "echo");
  write("d/x", "1");
  synced();
  fs::permissions(base / "src/run.sh", fs::perms(0755));
  fs::permissions(base / "src/d", fs::perms(0700));
  synced();
  EXPECT_EQ(arrived(), wanted());
}

TEST_P(FileSyncContract, ChangedOnTheNode) {
  for (const char* name : {"same", "edited", "deleted", "edited-and-dropped", "dropped"})
    write(name, "1");
  synced();
  clock.sleep(Millis{1100}, {});  // some systems' clocks for files tick once a second
  write_there("app/edited", "theirs");
  write_there("app/edited-and-dropped", "theirs");
  fs::remove(home / "app/deleted");
  fs::remove(base / "src/edited-and-dropped");
  fs::remove(base / "src/dropped");
  const SyncReport report = synced();
  EXPECT_EQ(report.overwritten, 2U);
  EXPECT_EQ(report.kept, 1U);
  EXPECT_EQ(*read_file(home / "app/edited"), "1");
  EXPECT_EQ(*read_file(home / "app/deleted"), "1");
  EXPECT_EQ(*read_file(home / "app/edited-and-dropped"), "theirs") << "it is no longer ours";
  EXPECT_FALSE(fs::exists(home / "app/dropped"));
  EXPECT_EQ(synced(), SyncReport{});
  EXPECT_TRUE(fs::exists(home / "app/edited-and-dropped"));
}

TEST_P(FileSyncContract, RefusesBytesThatAreNotInTheManifest) {
  write("b", "kept");
  write("a", "planned");
  const Manifest planned = wanted();
  const auto refused = [&] {
    const auto done = sync_mount(runner, (base / "src").string(), "~/app", planned, soon());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kMountMissing);
    EXPECT_NE(done.error().message.find("src/a"), std::string::npos);
    EXPECT_FALSE(fs::exists(home / "app/b")) << "nothing changes on the node";
  };
  write("a", "changed");
  refused();
  write("a", "shorter");  // of the same size
  refused();
  fs::remove(base / "src/a");
  refused();
  EXPECT_EQ(leftovers(), std::vector<std::string>{});
}

TEST_P(FileSyncContract, AFileThatChangesWhileItIsRead) {
  write("a", std::string(3 << 20, 'a'));
  write("big", noise(12 << 20));
  write("z", "1");
  const Manifest planned = wanted();
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop) {
      std::fstream file(base / "src/big", std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(11 << 20);
      file << clock.now().time_since_epoch().count();
    }
  });
  const auto done = sync_mount(runner, (base / "src").string(), "~/app", planned, soon());
  stop = true;
  writer.join();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kMountMissing);
  EXPECT_NE(done.error().message.find("src/big"), std::string::npos);
  EXPECT_FALSE(fs::exists(home / "app/z"));
  synced();
  EXPECT_EQ(arrived(), wanted());
}

TEST_P(FileSyncContract, LargeFilesThatCompressAndThatDoNot) {
  write("zeros", std::string(20 << 20, '\0'));
  Meter meter(runner);
  ASSERT_TRUE(sync_mount(meter, (base / "src").string(), "~/app", wanted(), soon()));
  EXPECT_LT(meter.sent, has("gzip") ? 1U << 20 : 21U << 20);
  write("noise", noise(20 << 20));
  std::vector<std::uint64_t> sent;
  const auto told = [&](std::uint64_t done, std::uint64_t all) {
    EXPECT_EQ(all, 20U << 20);
    sent.push_back(done);
  };
  ASSERT_TRUE(
      sync_mount(runner, (base / "src").string(), "~/app", wanted(), soon(), nullptr, told));
  EXPECT_EQ(arrived(), wanted());
  EXPECT_GE(sent.size(), 19U);
  EXPECT_TRUE(std::is_sorted(sent.begin(), sent.end()));
  EXPECT_EQ(sent.back(), 20U << 20);
}

TEST_P(FileSyncContract, OfALargeFileOnlyTheBlocksThatDifferTravel) {
  const std::string name = "deep er/it's\nbig";
  std::string bytes = noise((4 << 20) + 777);
  write(name, bytes);
  write("small", "1");
  synced();
  Meter meter(runner);
  const auto whole_seconds = [](const fs::path& path) {
    return std::chrono::floor<std::chrono::seconds>(fs::last_write_time(path)).time_since_epoch();
  };
  const auto meet = [&](const std::string& what) {
    write(name, bytes);
    meter.sent = 0;
    const auto done = sync_mount(meter, (base / "src").string(), "~/app", wanted(), soon());
    EXPECT_TRUE(done) << what << ": " << done.error().message;
    EXPECT_EQ(arrived(), wanted()) << what;
    EXPECT_EQ(leftovers(), std::vector<std::string>{}) << what;
    EXPECT_EQ(whole_seconds(home / "app" / name), whole_seconds(base / "src" / name)) << what;
    return meter.sent;
  };
  const std::uint64_t all = 2 << 20, little = has("dd") ? 400'000 : 2 * bytes.size();
  bytes[3'000'000] ^= 1;
  EXPECT_LT(meet("a byte"), little);
  bytes[0] ^= 1;
  bytes.back() ^= 1;
  EXPECT_LT(meet("at both ends"), little);
  bytes += noise(1000);
  EXPECT_LT(meet("longer"), little);
  bytes.resize((3 << 20) + 5);
  EXPECT_LT(meet("shorter"), little);
  bytes.resize(3 << 20);
  EXPECT_LT(meet("shorter by what is past the last block"), little);
  fs::permissions(base / "src" / name, fs::perms(0600));
  bytes[5] ^= 1;
  EXPECT_LT(meet("a byte and the mode"), little);
  bytes.insert(0, "x");
  EXPECT_GT(meet("every block"), all);

  write_there("app/" + name, "theirs");
  bytes[7] ^= 1;
  EXPECT_GT(meet("changed on the node"), all);
  fs::remove(home / "app" / name);
  bytes[7] ^= 1;
  EXPECT_GT(meet("gone from the node"), all);
  bytes[7] ^= 1;
  EXPECT_LT(meet("a byte again"), little);
  bytes = "small";
  EXPECT_LT(meet("small"), little);
  std::size_t sums = 0;
  for (const auto& entry : fs::recursive_directory_iterator(home / ".rayctl/mounts"))
    if (entry.path().parent_path().string().ends_with(".blocks")) ++sums;
  EXPECT_EQ(sums, 0U) << "the node keeps sums of files that it no longer has";
}

TEST_P(FileSyncContract, APlaceThatCannotBeWrittenIsSaid) {
  write("a", "1");
  write_there("app", "a file in the way");
  write("b/c", "1");
  const auto done = sync();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kFilesFailed);
  EXPECT_EQ(done.error().fault, Fault::kPermanent);
  EXPECT_NE(done.error().message.find("~/app"), std::string::npos);
  EXPECT_EQ(*read_file(home / "app"), "a file in the way");
  fs::remove(home / "app");
  synced();
  // A folder of theirs where a file of ours should be.
  fs::remove(home / "app/a");
  write("a", "2");
  fs::create_directories(home / "app/a/theirs");
  const auto blocked = sync();
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::kFilesFailed);
  EXPECT_TRUE(fs::exists(home / "app/a/theirs"));
  fs::remove_all(home / "app/a");
  synced();
  EXPECT_EQ(arrived(), wanted());
  EXPECT_EQ(leftovers(), std::vector<std::string>{});
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSyncContract);

}  // namespace rayctl
