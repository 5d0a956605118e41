#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "providers/process/addresses.h"
#include "providers/process/file_lock.h"
#include "providers/process/node_root.h"
#include "providers/process/proc.h"
#include "providers/process/ray_command.h"

namespace rayctl::process {
namespace {

TEST(Proc, ReadsALineWhateverTheProgramIsCalled) {
  const auto stat =
      parse_stat("42 (a) b (c) S 1 40 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 1 2 3 4\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(*stat, (ProcStat{42, 1, 40, 41, 'S', 98765}));
  for (const char* broken : {"", "42", "42 (a", "42 (a) S 1", "x (a) S 1 2 3"})
    EXPECT_FALSE(parse_stat(broken)) << broken;
}

TEST(Proc, KnowsItself) {
  const auto self = identity_of(::getpid());
  ASSERT_TRUE(self);
  EXPECT_TRUE(alive(*self));
  EXPECT_EQ(parse_identity(to_text(*self)), self);
  Identity recycled = *self;
  ++recycled.start;
  EXPECT_FALSE(alive(recycled));
  EXPECT_FALSE(send_signal(recycled, SIGKILL)) << "or this test would have ended";
  Identity other_boot = *self;
  other_boot.boot = "00000000";
  EXPECT_FALSE(send_signal(other_boot, SIGKILL));
}

TEST(Proc, OddIdentitiesAreNone) {
  for (const char* text : {"", "a", "a-b-c", "a-1", "-5-6", "a-1-6", "a-5-6-7", "a--5-6", "a-5-6x"})
    EXPECT_FALSE(parse_identity(text)) << text;
}

TEST(Proc, TheMarkerIsComparedWhole) {
  const char* path = std::getenv("PATH");
  const std::string entry = "PATH=" + std::string(path);
  EXPECT_TRUE(started_with(::getpid(), entry));
  EXPECT_FALSE(started_with(::getpid(), entry.substr(0, entry.size() - 1)));
  EXPECT_FALSE(started_with(::getpid(), entry.substr(1)));
}

TEST(Claims, ComeBackAsTheyWere) {
  const std::vector<Claim> claims{{"c/head", "127.64.0.1", {20000, 20001}},
                                  {"c/w", "127.64.0.2", {}}};
  EXPECT_EQ(parse_claims(format_claims(claims)), claims);
  EXPECT_EQ(parse_claims("junk\n\n127.64.0.9 x,-3,7 c/w\n"),
            (std::vector<Claim>{{"c/w", "127.64.0.9", {7}}}));
}

TEST(Claims, AddressesAreNeverTheOnesInUseNorTheHosts) {
  for (const std::uint32_t seed : {0U, 1U, 0xffU, 0xffff'ffffU, 0x7f'fff0U}) {
    std::vector<Claim> claims;
    std::set<std::string> seen;
    for (int i = 0; i < 260; ++i) {
      const auto address = free_address(claims, seed);
      ASSERT_TRUE(address);
      EXPECT_TRUE(seen.insert(*address).second);
      EXPECT_FALSE(address->ends_with(".0") || address->ends_with(".255")) << *address;
      const int second = std::stoi(address->substr(4));
      EXPECT_TRUE(second >= 64 && second < 192) << *address;
      claims.push_back({"c/n", *address, {}});
    }
  }
}

TEST(Claims, PortsAreFreeAndInRange) {
  const std::vector<Claim> claims{{"c/h", "127.64.0.1", {20000, 32767}}};
  const auto even = [](int port) { return port % 2 == 0; };
  EXPECT_EQ(free_ports(claims, 0, 2, even), (std::vector<int>{20002, 20004}));
  EXPECT_EQ(free_ports(claims, 12'767, 1, even), (std::vector<int>{20002})) << "goes round";
  EXPECT_TRUE(free_ports(claims, 0, 2, [](int) { return false; }).empty());
}

TEST(FolderNames, KeepWhatIsSafe) {
  EXPECT_EQ(as_folder("gpu-1_x.y"), "gpu-1_x.y");
  EXPECT_EQ(as_folder("../etc"), "%2E.%2Fetc");
  EXPECT_EQ(as_folder("a b\xff"), "a%20b%FF");
}

TEST(FileLocks, ExcludeAndAreSeenWithoutBeingTaken) {
  const auto path = std::filesystem::path(testing::TempDir()) / "a-lock";
  EXPECT_FALSE(FileLock::held(path));
  {
    auto first = FileLock::try_take(path);
    ASSERT_TRUE(first && *first);
    EXPECT_TRUE(FileLock::held(path));
    const auto second = FileLock::try_take(path);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->has_value());
    const auto waited = FileLock::take(path, SystemClock().now() + Millis{30});
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().fault, Fault::kTransient);
  }
  EXPECT_FALSE(FileLock::held(path));
  EXPECT_FALSE(FileLock::try_take(path / "below"));
  std::filesystem::remove(path);
}

class RayCommand : public testing::Test {
 public:
  std::set<std::string> words(const NodeFacts* of_head) const {
    const auto argv = ray_start_argv("/bin/ray", node, of_head, start);
    EXPECT_TRUE(argv) << argv.error().message;
    EXPECT_EQ(argv->at(0), "/bin/ray");
    EXPECT_EQ(argv->at(1), "start");
    return {argv->begin() + 2, argv->end()};
  }
  NodeFacts node{"127.64.0.2", 0, 0, 0, "/tmp/r/n", {}};
  NodeFacts head{"127.64.0.1", 20001, 20002, 20003, "/tmp/r/h", {}};
  RayStart start;
};

TEST_F(RayCommand, OfAWorker) {
  start.resources = {{"CPU", 2}, {"memory", 5e8}, {"a\"b", 1.5}};
  start.labels = {{"tier", "small"}, {"zone", "z1"}};
  EXPECT_EQ(words(&head),
            (std::set<std::string>{"--block", "--address=127.64.0.1:20001",
                                   "--node-ip-address=127.64.0.2", "--temp-dir=/tmp/r/n",
                                   "--disable-usage-stats", "--num-cpus=2", "--num-gpus=0",
                                   "--memory=500000000", "--object-store-memory=200000000",
                                   "--dashboard-agent-listen-port=0", "--include-log-monitor=false",
                                   "--resources={\"a\\\"b\":1.5}", "--labels=tier=small,zone=z1"}));
}

TEST_F(RayCommand, OfAHead) {
  node = head;
  const std::set<std::string> seen = words(nullptr);
  for (const char* word : {"--head", "--no-monitor", "--port=20001", "--dashboard-host=127.64.0.1",
                           "--dashboard-port=20002", "--ray-client-server-port=20003",
                           "--include-dashboard=true", "--node-ip-address=127.64.0.1"})
    EXPECT_TRUE(seen.contains(word)) << word;
  for (const std::string& word : seen)
    EXPECT_FALSE(word.starts_with("--address") || word.starts_with("--num-cpus")) << word;
}

TEST_F(RayCommand, ArgumentsOfTheFileWin) {
  start.resources = {{"CPU", 2}};
  start.args = {{"num-cpus", "7"}, {"include-log-monitor", "true"}, {"verbose", ""}};
  const std::set<std::string> seen = words(&head);
  EXPECT_TRUE(seen.contains("--num-cpus=7") && seen.contains("--include-log-monitor=true"));
  EXPECT_TRUE(seen.contains("--verbose"));
  EXPECT_FALSE(seen.contains("--num-cpus=2"));
}

TEST_F(RayCommand, WhatMakesTheNodeCannotBeSet) {
  for (const char* option : {"head", "address", "port", "temp-dir", "node-ip-address", "block"}) {
    start.args = {{option, "x"}};
    const auto argv = ray_start_argv("ray", node, &head, start);
    ASSERT_FALSE(argv) << option;
    EXPECT_EQ(argv.error().fault, Fault::kPermanent);
    EXPECT_NE(argv.error().message.find(option), std::string::npos);
  }
}

TEST_F(RayCommand, PartsOfACpuAreRefused) {
  for (const double amount : {0.5, -1.0}) {
    start.resources = {{"CPU", amount}};
    EXPECT_FALSE(ray_start_argv("ray", node, &head, start));
  }
}

TEST(FindRay, TakesTheConfigThenTheVariableThenThePath) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "find-ray";
  for (const char* name : {"one/ray", "two/ray", "three/ray"}) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "#!/bin/sh\n";
    fs::permissions(folder / name, fs::perms::owner_all);
  }
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", ((folder / "three").string() + ":" + path).c_str(), 1);
  ::unsetenv("RAYCTL_RAY");
  EXPECT_EQ(*find_ray(""), folder / "three/ray");
  ::setenv("RAYCTL_RAY", (folder / "two/ray").c_str(), 1);
  EXPECT_EQ(*find_ray(""), folder / "two/ray");
  EXPECT_EQ(*find_ray((folder / "one/ray").string()), folder / "one/ray");
  const auto missing = find_ray((folder / "four/ray").string());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("four/ray"), std::string::npos);
  EXPECT_NE(missing.error().message.find("pip install"), std::string::npos);
  EXPECT_FALSE(find_ray(folder.string() + "/one")) << "a folder is no program";
  ::unsetenv("RAYCTL_RAY");
  ::setenv("PATH", path.c_str(), 1);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace rayctl::process
