#include "transport/manifest_builder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/digest.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

class MemoryCache final : public HashCache {
 public:
  std::vector<HashedFile> load(const std::string& root) override {
    return root == root_ ? files : std::vector<HashedFile>{};
  }
  void store(const std::string& root, const std::vector<HashedFile>& all) override {
    root_ = root;
    files = all;
    ++stores;
  }
  std::vector<HashedFile> files;
  int stores = 0;

 private:
  std::string root_;
};

class ManifestBuilder : public testing::Test {
 public:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "tree-XXXXXX";
    root = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root); }

  void write(const std::string& path, const std::string& bytes = "x") {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path, std::ios::binary) << bytes;
  }
  Manifest build() {
    Result<Manifest> built = build_manifest(root.string(), options, cache);
    EXPECT_TRUE(built) << built.error().message;
    return built ? *built : Manifest{};
  }
  std::vector<std::string> paths() {
    std::vector<std::string> all;
    for (const ManifestEntry& entry : build().entries) {
      if (entry.kind != ManifestEntry::Kind::kFolder) all.push_back(entry.path);
    }
    return all;
  }
  // Stamps are only trusted two seconds after the change.
  static void age() { std::this_thread::sleep_for(std::chrono::milliseconds(2100)); }

  fs::path root;
  ManifestOptions options;
  MemoryCache cache;
};

using Paths = std::vector<std::string>;

TEST_F(ManifestBuilder, HoldsContentModeAndSize) {
  write("b/file", "hello");
  fs::permissions(root / "b/file", fs::perms(0750));
  write("a", "");
  const Manifest manifest = build();
  ASSERT_EQ(manifest.entries.size(), 3U);
  EXPECT_EQ(manifest.entries[0].path, "a");
  EXPECT_EQ(manifest.entries[1], (ManifestEntry{"b", 0755, 0, "", ManifestEntry::Kind::kFolder}));
  EXPECT_EQ(manifest.entries[2], (ManifestEntry{"b/file", 0750, 5, sha256_hex("hello")}));
}

TEST_F(ManifestBuilder, AFileIsItsOwnOnlyEntry) {
  write("one", "1");
  const Result<Manifest> manifest = build_manifest((root / "one").string(), options, cache);
  ASSERT_TRUE(manifest);
  ASSERT_EQ(manifest->entries.size(), 1U);
  EXPECT_EQ(manifest->entries[0].path, "");
  EXPECT_EQ(manifest->entries[0].content, sha256_hex("1"));
}

TEST_F(ManifestBuilder, LinksAreLinks) {
  write("file");
  fs::create_symlink("file", root / "to-file");
  fs::create_directory_symlink("/etc", root / "to-folder");
  fs::create_symlink("nowhere", root / "broken");
  const Manifest manifest = build();
  ASSERT_EQ(manifest.entries.size(), 4U);
  EXPECT_EQ(manifest.entries[0].kind, ManifestEntry::Kind::kLink);
  EXPECT_EQ(manifest.entries[0].content, sha256_hex("nowhere"));
  EXPECT_EQ(manifest.entries[3].path, "to-folder");
  EXPECT_EQ(manifest.entries[3].content, sha256_hex("/etc"));
}

TEST_F(ManifestBuilder, LeavesOutByteCodeUnlessAsked) {
  write("a.py");
  write("a.pyc");
  write("__pycache__/a.cpython-311.pyc");
  write("sub/__pycache__/x");
  EXPECT_EQ(paths(), Paths{"a.py"});
  options.keep_bytecode = true;
  EXPECT_EQ(paths().size(), 4U);
}

TEST_F(ManifestBuilder, LeavesOutWhatThePatternsSay) {
  write("a.o");
  write("src/b.o");
  write("src/b.c");
  write("data/big");
  options.exclude = {"*.o", "/data"};
  EXPECT_EQ(paths(), Paths{"src/b.c"});
}

TEST_F(ManifestBuilder, HonoursIgnoreFilesOfEachFolder) {
  write(".gitignore", "*.log\n/only-here\n");
  write("a.log");
  write("only-here");
  write("sub/.gitignore", "!keep.log\n");
  write("sub/keep.log");
  write("sub/other.log");
  write("sub/only-here");
  write("out/.gitignore", "*\n");
  write("out/x");
  EXPECT_EQ(paths().size(), 9U) << "nothing is left out unless asked";
  options.filter = {".gitignore"};
  EXPECT_EQ(paths(), (Paths{".gitignore", "sub/.gitignore", "sub/keep.log", "sub/only-here"}));
}

TEST_F(ManifestBuilder, OddThingsAreLeftOutAndOddNamesAreNot) {
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  write("a b\n\xff'\"");
  EXPECT_EQ(paths(), Paths{"a b\n\xff'\""});
}

TEST_F(ManifestBuilder, WhatIsNotThereIsSaid) {
  const Result<Manifest> missing = build_manifest((root / "none").string(), options, cache);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kMountMissing);
  EXPECT_NE(missing.error().message.find("none"), std::string::npos);
}

TEST_F(ManifestBuilder, WhatCannotBeReadIsSaid) {
  if (::geteuid() == 0) {
    // root reads everything: a link in place of a folder's parent cannot be made unreadable.
    write("plain/file");
    const Result<Manifest> odd =
        build_manifest((root / "plain/file/below").string(), options, cache);
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().code, ErrorCode::kMountMissing);
    return;
  }
  write("secret/file");
  fs::permissions(root / "secret", fs::perms::none);
  const Result<Manifest> refused = build_manifest(root.string(), options, cache);
  fs::permissions(root / "secret", fs::perms::owner_all);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kMountMissing);
  EXPECT_NE(refused.error().message.find("secret"), std::string::npos);
}

TEST_F(ManifestBuilder, ReadsAFileOnceWhileItsStampIsTheSame) {
  write("a", "1");
  write("b/c", "2");
  age();
  const Manifest first = build();
  ASSERT_EQ(cache.files.size(), 2U);
  EXPECT_EQ(cache.stores, 1);
  for (HashedFile& file : cache.files)
    file.sha256 = "from the cache";
  EXPECT_EQ(build().entries[2].content, "from the cache");
  EXPECT_EQ(cache.stores, 1) << "nothing new to remember";
  write("b/c", "3");
  EXPECT_EQ(build().entries[2].content, sha256_hex("3"));
  EXPECT_EQ(build().entries[0].content, "from the cache");
}

TEST_F(ManifestBuilder, ARecentChangeIsNeitherBelievedNorRemembered) {
  write("a", "1");
  EXPECT_EQ(build().entries[0].content, sha256_hex("1"));
  EXPECT_TRUE(cache.files.empty());
}

TEST_F(ManifestBuilder, TheSameWhateverTheThreads) {
  for (int i = 0; i < 300; ++i)
    write("d" + std::to_string(i % 17) + "/e/f" + std::to_string(i), std::to_string(i));
  options.threads = 1;
  const Manifest one = build();
  options.threads = 8;
  EXPECT_EQ(build(), one);
  EXPECT_EQ(one.entries.size(), 300U + 17 + 17);
}

}  // namespace
}  // namespace rayctl
