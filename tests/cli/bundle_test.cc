#include "cli/autoscale/bundle.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/files.h"
#include "cli/autoscale/bundle_send.h"
#include "cli/pipeline.h"
#include "config/resolve.h"
#include "transport/local_runner.h"
#include "transport/manifest_builder.h"

namespace rayctl {
namespace {

namespace fs = std::filesystem;

constexpr char kMountKeys[] =
    "file_mounts: {\"~/app\": ./app, \"~/one file\": ./one.txt, \"~/empty\": ./empty}\n"
    "rsync_exclude: [\"*.log\"]\n";

/// Providers whose digests rest on different things.
const std::map<std::string, std::string> kFiles = {
    {"Process",
     "cluster_name: demo\nmax_workers: 4\nprovider: {type: process}\n"
     "available_node_types:\n"
     "  head: {node_config: {command: [sleep, \"60\"], env: {PASSWORD: hush}}}\n"
     "  cpu: {min_workers: 1, node_config: {command: [sleep, \"60\"]}}\n"
     "head_node_type: head\n"},
    {"Aws",
     "cluster_name: demo\nmax_workers: 4\nprovider: {type: aws, region: us-west-2}\n"
     "auth: {ssh_user: ubuntu, ssh_private_key: ~/.ssh/mine.pem}\n"
     "available_node_types:\n"
     "  head: {node_config: {InstanceType: m5.large, ImageId: ami-1, UserData: hush}}\n"
     "  cpu: {min_workers: 1, node_config: {InstanceType: m5.large, ImageId: ami-1}}\n"
     "head_node_type: head\nsetup_commands: [pip install ray]\n"},
    {"Hosts",
     "cluster_name: demo\nprovider: {type: local, head_ip: 10.0.0.1, worker_ips: [10.0.0.2]}\n"
     "auth: {ssh_user: ubuntu, ssh_private_key: ~/.ssh/mine.pem}\n"}};

class BundleTest : public testing::TestWithParam<std::string> {
 public:
  BundleTest() {
    std::string pattern = testing::TempDir() + "bundle-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    write("app/train.py", "print()", 0755);
    write("app/secret.txt", "x", 0600);
    write("app/some.log", "left out", 0644);
    write("app/sub dir/\xc3\xa4.txt", std::string(100'000, 'b'), 0644);
    fs::create_symlink("train.py", folder / "app/link");
    fs::create_directories(folder / "app/none");
    fs::create_directories(folder / "empty");
    write("one.txt", "one", 0640);
    write("cluster.yaml", kFiles.at(GetParam()) + kMountKeys, 0644);
    ::setenv("HOME", (folder / "ana").c_str(), 1);
  }
  ~BundleTest() override {
    ::setenv("HOME", home.c_str(), 1);
    fs::remove_all(folder);
  }
  void write(const std::string& name, const std::string& text, unsigned mode) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
    ::chmod((folder / name).c_str(), mode);
  }
  std::unique_ptr<Cluster> open() {
    Result<Config> config = load_config(session, flags, true);
    EXPECT_TRUE(config) << config.error().message;
    return open(*config, paths);
  }
  std::unique_ptr<Cluster> open(const Config& config, const ClusterPaths& where) {
    Result<std::unique_ptr<Cluster>> cluster = Cluster::open(session, config, where);
    EXPECT_TRUE(cluster) << cluster.error().message;
    return *std::move(cluster);
  }
  Desired desired(Cluster& cluster) {
    return resolve(cluster.config(), default_scale(cluster.config(), {}), *hash_mounts(cluster),
                   cluster.digest_key());
  }
  Result<BundlePlan> plan(Cluster& cluster) {
    return plan_bundle(
        cluster,
        {.version = "0.4", .cluster_id = {"c1"}, .flags = flags, .images = {{"latest", "ami-7"}}});
  }

  std::ostringstream out, err;
  std::istringstream in;
  Io io{.out = out, .err = err, .in = in, .env = [](const std::string& name) {
          const char* value = name == "PATH" ? std::getenv("PATH") : nullptr;
          return value == nullptr ? std::nullopt : std::optional<std::string>(value);
        }};
  SystemClock clock;
  Session session{.io = io, .clock = clock, .providers = builtin_providers()};
  fs::path folder;
  std::string home;
  ClusterFlags flags{.config = "", .max_workers = 3};
  ClusterPaths paths;

  void SetUp() override {
    flags.config = (folder / "cluster.yaml").string();
    paths = {folder / "cluster", folder / "cluster/state.db"};
  }
};

class BundleDigests : public BundleTest {};

TEST_P(BundleDigests, GivesTheSameDigestsWhereverItLies) {
  const std::unique_ptr<Cluster> cluster = open();
  ASSERT_TRUE(cluster->make_token({}));
  const Desired wanted = desired(*cluster);
  const Result<BundlePlan> planned = plan(*cluster);
  ASSERT_TRUE(planned) << planned.error().message;
  const Result<fs::path> bundle = write_bundle(session, *cluster, *planned);
  ASSERT_TRUE(bundle) << bundle.error().message;

  // On another machine: elsewhere, with another home, and nothing of this one's left.
  fs::create_directories(folder / "there");
  fs::copy(folder / "cluster/autoscaler", folder / "there/autoscaler",
           fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  for (const char* gone : {"app", "one.txt", "empty", "cluster.yaml"})
    fs::remove_all(folder / gone);
  ::setenv("HOME", (folder / "there").c_str(), 1);
  const Result<OpenedBundle> opened =
      open_bundle(session, folder / "there/autoscaler" / bundle->filename());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->digest, planned->digest);
  EXPECT_EQ(opened->facts, planned->facts);
  EXPECT_EQ(opened->config.max_workers, 3);
  EXPECT_EQ(opened->paths.folder, folder / "there/autoscaler/state");
  const std::unique_ptr<Cluster> other = open(opened->config, opened->paths);
  EXPECT_EQ(other->digest_key(), cluster->digest_key());
  ASSERT_TRUE(other->find_token());
  EXPECT_EQ(other->world().auth_token, cluster->world().auth_token);
  const Desired same = desired(*other);
  EXPECT_EQ(same.config, wanted.config);
  EXPECT_EQ(same.autoscaler, wanted.autoscaler);
  ASSERT_EQ(same.specs.size(), wanted.specs.size());
  for (const auto& [type, spec] : wanted.specs)
    EXPECT_EQ(same.specs.at(type).digests, spec.digests) << type.text;
}

TEST_P(BundleTest, OfALaterFormatIsRefused) {
  const std::unique_ptr<Cluster> cluster = open();
  const Result<fs::path> bundle = write_bundle(session, *cluster, *plan(*cluster));
  ASSERT_TRUE(bundle);
  std::string later = *read_file(*bundle / "bundle.json");
  later.replace(later.find("\"1.0\""), 5, "\"2.0\"");
  ASSERT_TRUE(write_file_atomic(*bundle / "bundle.json", later));
  const Error refused = open_bundle(session, *bundle).error();
  EXPECT_EQ(refused.code, ErrorCode::kStateTooNew);
  EXPECT_EQ(error_code_info(refused.code).exit_class, ExitClass::kUnclassified);
}

TEST_P(BundleTest, IsForItsOwnerAlone) {
  const std::unique_ptr<Cluster> cluster = open();
  const Result<fs::path> bundle = write_bundle(session, *cluster, *plan(*cluster));
  ASSERT_TRUE(bundle);
  const auto mode = [](const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  };
  for (const auto& entry : fs::recursive_directory_iterator(*bundle)) {
    if (entry.is_symlink()) continue;
    EXPECT_EQ(mode(entry.path()), entry.is_directory() ? 0700U : 0600U) << entry.path();
  }
  EXPECT_EQ(mode(*bundle), 0700U);
  EXPECT_EQ(mode(bundle->parent_path()), 0700U);  // mounts keep the modes that a node gets
  for (const auto& entry : fs::directory_iterator(*bundle / "program/"))
    EXPECT_EQ(mode(entry.path()) & 0077U, 0U) << entry.path();
}

TEST_P(BundleTest, IsWrittenOnceAndOldOnesGo) {
  std::unique_ptr<Cluster> cluster = open();
  const Result<BundlePlan> first = plan(*cluster);
  const Result<fs::path> one = write_bundle(session, *cluster, *first);
  ASSERT_TRUE(one);
  EXPECT_EQ(*write_bundle(session, *cluster, *first), *one);
  EXPECT_EQ(plan(*cluster)->digest, first->digest);

  // A changed mount and a changed limit share the program, and what did not change.
  write("one.txt", "two", 0640);
  flags.max_workers = 2;
  cluster = open();
  const Result<BundlePlan> second = plan(*cluster);
  EXPECT_NE(second->digest, first->digest);
  const Result<fs::path> two = write_bundle(session, *cluster, *second);
  ASSERT_TRUE(two);
  const auto count = [&](const std::string& kind) {
    std::size_t found = 0;
    for (const auto& entry : fs::directory_iterator(two->parent_path()))
      found += entry.path().filename().string().starts_with(kind) ? 1U : 0U;
    return found;
  };
  EXPECT_EQ(count("bundle-"), 2U);
  EXPECT_EQ(count("program-"), 1U);
  EXPECT_EQ(count("mount-"), 4U);
  drop_other_bundles(*two);
  EXPECT_EQ(count("bundle-"), 1U);
  EXPECT_EQ(count("program-"), 1U);
  EXPECT_EQ(count("mount-"), 3U);
  EXPECT_TRUE(open_bundle(session, *two));
}

TEST_P(BundleTest, IsSentWholeAndOldOnesGoThereToo) {
  std::unique_ptr<Cluster> cluster = open();
  const Result<fs::path> bundle = write_bundle(session, *cluster, *plan(*cluster));
  ASSERT_TRUE(bundle);
  const fs::path node = folder / "node";
  fs::create_directories(node);
  LocalRunner runner({.home = node, .env = {{"PATH", std::getenv("PATH")}}});
  const Time later = clock.now() + Millis{60'000};
  Result<std::string> there = send_bundle(runner, *bundle, later);
  ASSERT_TRUE(there) << there.error().message;
  const fs::path seen = node / there->substr(2);
  EXPECT_EQ(seen.filename(), bundle->filename());
  const auto same = [](const fs::path& one, const fs::path& other) {
    const ManifestOptions all{.keep_bytecode = true};
    return *build_manifest(one, all, no_hash_cache()) ==
           *build_manifest(other, all, no_hash_cache());
  };
  EXPECT_TRUE(same(*bundle, seen));
  EXPECT_TRUE(same(*bundle / "program/", seen / "program/"));
  for (const char* mount : {"mounts/1", "mounts/2", "mounts/3"})
    EXPECT_TRUE(same(*bundle / mount, seen / mount)) << mount;
  struct stat info {};
  ASSERT_EQ(::stat((node / ".rayctl/autoscaler").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);

  std::uint64_t sent = 0;
  const auto count = [&](std::uint64_t, std::uint64_t all) { sent += all; };
  ASSERT_TRUE(send_bundle(runner, *bundle, later, count));
  EXPECT_EQ(sent, 0U);  // all of it is there
  flags.max_workers = 2;
  cluster = open();
  const Result<fs::path> next = write_bundle(session, *cluster, *plan(*cluster));
  ASSERT_TRUE(next);
  there = send_bundle(runner, *next, later, count);
  ASSERT_TRUE(there);
  EXPECT_LT(sent, 100'000U);  // and no program again
  ASSERT_TRUE(drop_other_bundles_there(runner, *there, later));
  EXPECT_FALSE(fs::exists(seen));
  EXPECT_TRUE(open_bundle(session, node / there->substr(2)));
}

TEST_P(BundleTest, GoesToNoOtherProcessor) {
  const std::unique_ptr<Cluster> cluster = open();
  Result<BundlePlan> planned = plan(*cluster);
  planned->facts.machine = "riscv64";
  planned->digest = digest_of(planned->facts);
  const Result<fs::path> bundle = write_bundle(session, *cluster, *planned);
  LocalRunner runner({.home = folder, .env = {{"PATH", std::getenv("PATH")}}});
  const Result<std::string> sent = send_bundle(runner, *bundle, clock.now() + Millis{20'000});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kNotSupported);
  EXPECT_NE(sent.error().message.find("riscv64"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / ".rayctl/autoscaler"));
}

TEST_P(BundleTest, RefusesWhatChangedAfterThePlan) {
  const std::unique_ptr<Cluster> cluster = open();
  const Result<BundlePlan> planned = plan(*cluster);
  write("app/train.py", "other()", 0755);
  const Result<fs::path> mount = write_bundle(session, *cluster, *planned);
  ASSERT_FALSE(mount);
  EXPECT_EQ(mount.error().code, ErrorCode::kMountMissing);
  write("app/train.py", "print()", 0755);
  std::ofstream(folder / "cluster.yaml", std::ios::app) << "# other\n";
  const Result<fs::path> yaml = write_bundle(session, *cluster, *planned);
  ASSERT_FALSE(yaml);
  EXPECT_EQ(yaml.error().code, ErrorCode::kPlanStale);
}

INSTANTIATE_TEST_SUITE_P(Of, BundleDigests, testing::Values("Process", "Aws", "Hosts"),
                         [](const auto& tested) { return tested.param; });
INSTANTIATE_TEST_SUITE_P(Of, BundleTest, testing::Values("Process"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace rayctl
