#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/config.h"
#include "config/resolve.h"
#include "tests/config/support.h"

// Ray's own files, out of its wheels, must load as they are.

namespace rayctl {
namespace {

namespace fs = std::filesystem;

/// ray/autoscaler of a wheel; fails the test, never skips it, where the folder is missing.
fs::path wheel(const std::string& version) {
  const char* root = std::getenv("RAYCTL_RAY_WHEELS");
  fs::path folder =
      fs::path(root ? root : "RAYCTL_RAY_WHEELS is not set") / version / "ray/autoscaler";
  EXPECT_TRUE(fs::is_directory(folder)) << folder << " is not there. Run ./dev setup";
  return folder;
}

/// A home that has the public key which some of Ray's files mount.
class Home {
 public:
  Home() : path_(fs::temp_directory_path() / ("rayctl-home-" + std::to_string(::getpid()))) {
    fs::create_directories(path_ / ".ssh");
    std::ofstream(path_ / ".ssh/id_rsa.pub") << "ssh-rsa AAAA\n";
  }
  ~Home() { fs::remove_all(path_); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

Config load(const fs::path& file) {
  Home home;
  Parsed parsed = parse_config(bytes_of(file), file, {.home = home.path(), .old_flags = true});
  EXPECT_TRUE(parsed.config) << file << "\n" << listed(parsed);
  return parsed.config.value_or(Config{});
}

TEST(Wheels, TheExamplesOf087Load) {
  for (const std::string provider : {"aws", "gcp", "kubernetes", "local", "azure"}) {
    Config config = load(wheel("0.8.7") / provider / "example-full.yaml");
    EXPECT_EQ(config.provider.text, provider);
    EXPECT_TRUE(config.older_form);
    EXPECT_EQ(config.target_utilization_fraction, 0.8);
    EXPECT_EQ(config.autoscaling_mode, "default");
    EXPECT_EQ(config.node_types.size(), 2U);
    EXPECT_TRUE(config.has_start_commands);
    ASSERT_EQ(config.head_start_ray_commands.size(), 2U);
    EXPECT_EQ(config.head_start_ray_commands[0], "ray stop");
    Desired desired = resolve(config, default_scale(config, {}), {}, "key");
    EXPECT_EQ(desired.want[config.head_type], 1);
  }
}

TEST(Wheels, AFlagThatRay2HasNoMoreIsShownInItsLine) {
  const fs::path file = wheel("0.8.7") / "kubernetes/example-full.yaml";
  const Parsed parsed = parse_config(bytes_of(file), file, {.home = "/nowhere"});
  EXPECT_FALSE(parsed.config);
  ASSERT_EQ(parsed.diagnostics.size(), 1U) << listed(parsed);
  const Diagnostic& only = parsed.diagnostics[0];
  EXPECT_EQ(only.where->line, 296);
  EXPECT_EQ(only.summary, "`--webui-host` is no option of `ray start` any more");
  EXPECT_NE(only.remedy.find("`--dashboard-host`"), std::string::npos);
}

TEST(Wheels, TheAwsExampleOf087BecomesTwoTypes) {
  Config config = load(wheel("0.8.7") / "aws/example-full.yaml");
  EXPECT_EQ(config.head_type.text, "ray-legacy-head-node-type");
  const NodeTypeConfig& worker = config.node_types.at(1);
  EXPECT_EQ(worker.name.text, "ray-legacy-worker-node-type");
  EXPECT_EQ(worker.max_workers, 2);
  EXPECT_EQ(worker.node_config["InstanceMarketOptions"]["MarketType"], "spot");
  EXPECT_EQ(worker.node_config["ImageId"], "ami-05931d11d2bf831c3");
  EXPECT_EQ(config.node_types.at(0).node_config["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"],
            100);
  Desired desired = resolve(config, default_scale(config, {}), {}, "key");
  EXPECT_TRUE(desired.specs[config.head_type].docker.empty()) << "an empty image means no docker";
  EXPECT_EQ(desired.specs[config.head_type].setup_commands.size(), 3U);
}

TEST(Wheels, TheLocalExampleOf087KnowsItsMachines) {
  Config config = load(wheel("0.8.7") / "local/example-full.yaml");
  EXPECT_EQ(config.provider_settings["worker_ips"].size(), 3U);
  EXPECT_EQ(config.max_workers, 0);
  EXPECT_EQ(config.node_types.at(1).name.text, "local.cluster.node");
}

TEST(Wheels, TheDefaultsOf293And260Load) {
  int loaded = 0;
  for (const std::string version : {"2.9.3", "2.60.0"}) {
    for (const auto& entry : fs::recursive_directory_iterator(wheel(version))) {
      if (entry.path().filename() != "defaults.yaml") continue;
      std::string provider = entry.path().parent_path().filename();
      if (provider == "local") {
        // Ray's local defaults have no provider section: they only complete a file that has.
        Parsed parsed = parse(bytes_of(entry.path()) +
                              "\nprovider: {type: local, head_ip: a, worker_ips: [b]}\n");
        EXPECT_TRUE(parsed.config) << listed(parsed);
      } else {
        EXPECT_EQ(load(entry.path()).provider.text, provider);
      }
      ++loaded;
    }
  }
  EXPECT_GE(loaded, 12);
}

/// What a config says, without what names its file.
Config without_places(Config config) {
  config.file.clear();
  config.text_digest.clear();
  config.where.clear();
  config.has_start_commands = false;
  for (NodeTypeConfig& type : config.node_types)
    type.where = {};
  for (FileMountConfig& mount : config.file_mounts)
    mount.where = {};
  return config;
}

TEST(Wheels, ABareFileGetsTheDefaultsOf260) {
  for (const std::string provider : {"aws", "gcp", "azure", "vsphere", "spark"}) {
    fs::path file = wheel("2.60.0") / provider / "defaults.yaml";
    Config full = without_places(load(file));
    Config bare = without_places(
        good("provider: " + full.provider_settings.dump().insert(1, "type: " + provider + ", ")));
    EXPECT_EQ(bare.provider_settings, full.provider_settings);
    EXPECT_EQ(bare.cluster, full.cluster);
    EXPECT_EQ(bare.max_workers, full.max_workers);
    EXPECT_EQ(bare.upscaling_speed, full.upscaling_speed);
    EXPECT_EQ(bare.idle_timeout_minutes, full.idle_timeout_minutes);
    EXPECT_EQ(bare.auth, full.auth);
    EXPECT_EQ(bare.docker, full.docker);
    EXPECT_EQ(bare.head_type, full.head_type);
    EXPECT_EQ(bare.node_types, full.node_types);
    EXPECT_EQ(bare.initialization_commands, full.initialization_commands);
    EXPECT_EQ(bare.setup_commands, full.setup_commands);
    EXPECT_EQ(bare.head_setup_commands, full.head_setup_commands);
    EXPECT_EQ(bare.worker_setup_commands, full.worker_setup_commands);
    EXPECT_EQ(bare.head_start_ray_commands, full.head_start_ray_commands);
    EXPECT_EQ(bare.worker_start_ray_commands, full.worker_start_ray_commands);
  }
}

}  // namespace
}  // namespace rayctl
