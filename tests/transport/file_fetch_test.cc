#include "transport/file_fetch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.h"
#include "transport/tar_format.h"
#include "transport/tar_reader.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;
using Kind = TarMember::Kind;

// A node that sends what it likes.
class Liar final : public CommandRunner {
 public:
  Result<CommandOutput> run(const Command&, Time, const OutputSink& sink) override {
    for (std::size_t at = 0; at < says.size(); at += 1000)
      sink(std::string_view(says).substr(at, 1000), false);
    return CommandOutput{};
  }
  Result<> upload(const fs::path&, const std::string&, unsigned, Time) override { return Error{}; }
  Result<> download(const std::string&, const fs::path&, Time) override { return Error{}; }
  Result<> put(std::string_view, const std::string&, unsigned, Time) override { return Error{}; }
  std::string says;
};

std::string file(const std::string& name, const std::string& text) {
  std::string member = tar_header({.name = name, .mode = 0644, .size = text.size()}) + text;
  return member + std::string(tar_padding(text.size()), '\0');
}
std::string link(const std::string& name, const std::string& target) {
  return tar_header({.name = name, .kind = Kind::kLink, .mode = 0777, .link_target = target});
}

class Fetch : public testing::Test {
 public:
  Fetch() {
    std::string pattern = testing::TempDir() + "fetch-XXXXXX";
    base = ::mkdtemp(pattern.data());
  }
  ~Fetch() override { fs::remove_all(base); }
  Result<FetchReport> fetch(const std::string& archive) {
    node.says = "d\n" + archive;
    return fetch_files(node, "~/x/", (base / "in").string(), Time{});
  }
  void refused(const std::string& archive) {
    const auto done = fetch(archive + tar_end());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kFilesFailed);
    std::error_code none;
    EXPECT_TRUE(!fs::exists(base / "in") || fs::is_empty(base / "in", none)) << "nothing is left";
    EXPECT_FALSE(fs::exists(base / "evil"));
  }
  fs::path base;
  Liar node;
};

TEST_F(Fetch, NamesThatLeadOutAreRefused) {
  refused(file("./good", "1") + file("../evil", "1"));
  refused(file((base / "evil").string(), "1"));
  refused(file("a/../../evil", "1"));
}

TEST_F(Fetch, ALinkIsNoWayOut) {
  fs::create_directories(base / "out");
  const auto done = fetch(link("./a", "../out") + file("./a/evil", "1") + tar_end());
  EXPECT_FALSE(fs::exists(base / "out/evil"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->left_out, std::vector<std::string>{"a"});
}

TEST_F(Fetch, WhatIsCutLeavesNothing) {
  const std::string whole = file("./a", std::string(2000, 'a')) + file("./b", "2");
  for (std::size_t size = 0; size < whole.size(); size += 256) {
    EXPECT_FALSE(fetch(whole.substr(0, size))) << size;
    EXPECT_FALSE(fs::exists(base / "in/a")) << size;
  }
  ASSERT_TRUE(fetch(whole + tar_end()));
  EXPECT_EQ(*read_file(base / "in/b"), "2");
}

TEST_F(Fetch, NoArchiveIsSaid) {
  refused(std::string(2048, 'x'));
}

class Members final : public TarSink {
 public:
  Result<> member(const TarMember& member, const std::string&) override {
    all.push_back(member);
    return {};
  }
  Result<> content(std::string_view bytes) override {
    text += bytes;
    return {};
  }
  std::vector<TarMember> all;
  std::string text;
};

TEST(Tar, ReadsWhatItWrites) {
  const std::vector<TarMember> members = {
      {"a", Kind::kFile, 0644, 3, 1'700'000'000, ""},
      {std::string(300, 'n') + "/x", Kind::kFile, 0755, 0, 5, ""},
      {std::string(100, 'm'), Kind::kLink, 0777, 0, 5, std::string(400, 't')},
      {"just" + std::string(95, 'l'), Kind::kLink, 0777, 0, 5, std::string(99, 't')}};
  std::string archive;
  for (const TarMember& member : members) {
    archive += tar_header(member);
    if (member.size > 0) archive += "abc" + std::string(tar_padding(3), '\0');
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{511}, archive.size()}) {
    Members seen;
    TarReader reader(seen);
    const std::string whole = archive + tar_end();
    for (std::size_t at = 0; at < whole.size(); at += step)
      ASSERT_TRUE(reader.feed(std::string_view(whole).substr(at, step)));
    EXPECT_TRUE(reader.ended());
    EXPECT_EQ(seen.all, members);
    EXPECT_EQ(seen.text, "abc");
  }
}

TEST(Tar, LargeSizes) {
  Members seen;
  TarReader reader(seen);
  ASSERT_TRUE(reader.feed(tar_header({.name = "huge", .size = 1ULL << 40U})));
  ASSERT_EQ(seen.all.size(), 1U);
  EXPECT_EQ(seen.all[0].size, 1ULL << 40U);
}

}  // namespace
}  // namespace rayctl
