#include "transport/file_sync.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "base/files.h"
#include "transport/delivered.h"
#include "transport/local_runner.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class NoCache final : public HashCache {
 public:
  std::vector<HashedFile> load(const std::string&) override { return {}; }
  void store(const std::string&, const std::vector<HashedFile>&) override {}
};

// Counts what passes, and fails from a given call on.
class Meter final : public CommandRunner {
 public:
  explicit Meter(LocalRunnerSettings settings) : inner_(std::move(settings)) {}
  Result<CommandOutput> run(const Command& command, Time deadline,
                            const OutputSink& sink) override {
    ++commands;
    if (cut()) return Error{};
    return inner_.run(command, deadline, sink);
  }
  Result<> upload(const fs::path& from, const std::string& to, unsigned mode,
                  Time deadline) override {
    ++files;
    if (cut()) return Error{};
    return inner_.upload(from, to, mode, deadline);
  }
  Result<> download(const std::string& from, const fs::path& to, Time deadline) override {
    return inner_.download(from, to, deadline);
  }
  Result<> put(std::string_view bytes, const std::string& to, unsigned mode,
               Time deadline) override {
    ++files;
    if (cut()) return Error{};
    return inner_.put(bytes, to, mode, deadline);
  }
  bool cut() { return die_at > 0 && ++calls >= die_at; }
  int commands = 0, files = 0, calls = 0, die_at = 0;

 private:
  LocalRunner inner_;
};

class FileSync : public testing::Test {
 public:
  FileSync() {
    std::string pattern = testing::TempDir() + "sync-XXXXXX";
    base = ::mkdtemp(pattern.data());
    fs::create_directories(base / "src");
    fs::create_directories(base / "home");
  }
  ~FileSync() override { fs::remove_all(base); }

  Meter runner() const {
    return Meter({(base / "home").string(), {{"PATH", std::getenv("PATH")}}, true});
  }
  void write(const std::string& path, const std::string& bytes) const {
    fs::create_directories((base / "src" / path).parent_path());
    std::ofstream(base / "src" / path, std::ios::binary) << bytes;
  }
  Manifest manifest(const std::string& source = "src") const {
    NoCache cache;
    return *build_manifest((base / source).string(), {}, cache);
  }
  Result<SyncReport> sync(Meter& meter, const std::string& source = "src") const {
    return sync_mount(meter, (base / source).string(), "~/app", manifest(source), soon());
  }
  Time soon() const { return SystemClock().now() + Millis{60'000}; }
  Manifest arrived() const { return manifest("home/app"); }

  fs::path base;
};

TEST_F(FileSync, SendsChangesAndRemovesTheRest) {
  write("a", "1");
  write("deep/er/b", "2");
  write("deep/c", "3");
  fs::permissions(base / "src/a", fs::perms(0700));
  fs::create_symlink("a", base / "src/link");
  Meter meter = runner();
  const auto first = sync(meter);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->delta.added, 4U);
  EXPECT_EQ(arrived(), manifest());

  const int before = meter.files;
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(meter.files, before) << "nothing changed, nothing sent";

  write("a", "changed");
  fs::remove_all(base / "src/deep/er");
  fs::remove(base / "src/link");
  fs::create_symlink("deep/c", base / "src/link");
  std::ofstream(base / "home/app/deep/theirs") << "made on the node";
  const auto second = sync(meter);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->delta.changed, 2U);
  EXPECT_EQ(second->delta.removed, 1U);
  EXPECT_FALSE(fs::exists(base / "home/app/deep/er"));
  EXPECT_EQ(*read_file(base / "home/app/a"), "changed");
  EXPECT_EQ(fs::read_symlink(base / "home/app/link"), "deep/c");
  EXPECT_TRUE(fs::exists(base / "home/app/deep/theirs")) << "what we did not send is not ours";
}

TEST_F(FileSync, ManyFilesMeanFewCommands) {
  for (int i = 0; i < 1000; ++i)
    write("d" + std::to_string(i % 10) + "/" + std::to_string(i), "x");
  Meter meter = runner();
  ASSERT_TRUE(sync(meter));
  EXPECT_LE(meter.commands, 2);
  fs::remove_all(base / "src/d3");
  fs::remove_all(base / "src/d4");
  ASSERT_TRUE(sync(meter));
  EXPECT_LE(meter.commands, 4);
  EXPECT_EQ(arrived(), manifest());
}

TEST_F(FileSync, AFileBecomesAFolderAndBack) {
  write("x", "file");
  Meter meter = runner();
  ASSERT_TRUE(sync(meter));
  fs::remove(base / "src/x");
  write("x/y", "folder");
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());
  fs::remove_all(base / "src/x");
  write("x", "file again");
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());

  std::ofstream(base / "single") << "alone";
  const auto single = sync(meter, "single");
  ASSERT_TRUE(single) << single.error().message;
  EXPECT_EQ(*read_file(base / "home/app"), "alone");
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());
}

TEST_F(FileSync, OddNames) {
  for (const char* name : {"-rf", "a b", "new\nline", "quote'\"$(x)", "\xff\xfe", "~"})
    write(std::string("d/") + name, name);
  fs::create_symlink("-x $(y)", base / "src/-link");
  Meter meter = runner();
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());
  fs::remove_all(base / "src/d");
  write("left", "1");
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());
}

TEST_F(FileSync, RefusesBytesThatAreNotInTheManifest) {
  write("a", "planned");
  const Manifest planned = manifest();
  write("a", "changed");
  Meter meter = runner();
  const auto done = sync_mount(meter, (base / "src").string(), "~/app", planned, soon());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kMountMissing);
  EXPECT_NE(done.error().message.find("src/a"), std::string::npos);
  EXPECT_FALSE(fs::exists(base / "home/app/a"));
}

TEST_F(FileSync, LargeFilesAreChecked) {
  write("big", std::string(9 << 20, 'b'));
  Meter meter = runner();
  ASSERT_TRUE(sync(meter));
  EXPECT_EQ(arrived(), manifest());
  const Manifest planned = manifest();
  write("big", std::string(9 << 20, 'c'));
  const auto done = sync_mount(meter, (base / "src").string(), "~/app", planned, soon());
  EXPECT_TRUE(done) << "the node has those bytes already";
  Meter other = runner();
  const auto fresh = sync_mount(other, (base / "src").string(), "~/other", planned, soon());
  ASSERT_FALSE(fresh);
  EXPECT_EQ(fresh.error().code, ErrorCode::kMountMissing);
}

TEST_F(FileSync, CutAnywhereTheNextOneMakesItRight) {
  int points = 0;
  for (int at = 1;; ++at) {
    fs::remove_all(base / "home");
    fs::remove_all(base / "src");
    fs::create_directories(base / "home");
    write("a", "1");
    write("gone/b", "2");
    Meter meter = runner();
    ASSERT_TRUE(sync(meter));
    // The run that is cut brings a file that the next one no longer has.
    fs::remove_all(base / "src/gone");
    write("a", "3");
    write("passing", "4");
    fs::create_symlink("a", base / "src/link");
    meter.calls = 0;
    meter.die_at = at;
    const bool whole = sync(meter).ok();
    meter.die_at = 0;
    fs::remove(base / "src/passing");
    ASSERT_TRUE(sync(meter)) << at;
    EXPECT_EQ(arrived(), manifest()) << at;
    if (whole) break;
    ++points;
  }
  EXPECT_GE(points, 5);
}

TEST_F(FileSync, AnEmptyFolderIsThere) {
  Meter meter = runner();
  ASSERT_TRUE(sync(meter));
  EXPECT_TRUE(fs::is_directory(base / "home/app"));
}

TEST_F(FileSync, OutsideOfAConfinedHomeIsRefused) {
  write("a", "1");
  Meter meter = runner();
  const auto done =
      sync_mount(meter, (base / "src").string(), (base / "elsewhere").string(), manifest(), soon());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNotSupported);
}

TEST(Delivered, ComesBackAsItWas) {
  const Manifest manifest{{{"", 0644, 3, "abc", false}, {"x y\n/\xff", 0777, 1, "d", true}}};
  EXPECT_EQ(parse_delivered(format_delivered(manifest)), manifest);
  EXPECT_EQ(parse_delivered(""), Manifest{});
  EXPECT_EQ(parse_delivered("rayctl-mount 2"), Manifest{});
  EXPECT_EQ(parse_delivered(std::string("rayctl-mount 1\0junk", 19)), Manifest{});
}

}  // namespace
}  // namespace rayctl
