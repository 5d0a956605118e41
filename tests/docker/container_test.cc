#include "transport/container.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/docker/machine.h"
#include "transport/docker_runner.h"

namespace rayctl {
namespace {

struct Containers : testing::Test {
  Containers() {
    spec.image = "rayctl-test:1";
    spec.name = machine.name;
    spec.pull = false;
    spec.labels = {{kLabelCluster, "c-1"}, {kLabelNode, "gpu-1"}, {kLabelDigest, "d1"}};
  }
  ContainerChange prepare() {
    const Result<ContainerChange> done = prepare_container(*runner, spec, machine.soon());
    EXPECT_TRUE(done) << done.error().message;
    return done ? *done : ContainerChange::kNone;
  }
  Error failure() {
    const Result<ContainerChange> done = prepare_container(*runner, spec, machine.soon());
    EXPECT_FALSE(done);
    return done ? Error{} : done.error();
  }
  std::string inspect(const std::string& what) {
    return machine.sh("docker inspect --format '{{" + what + "}}' " + machine.name);
  }
  std::string inside(const std::string& line) {
    DockerRunner in(machine.runner(), {.name = machine.name});
    const auto ran = in.run({{"sh", "-c", line}, {}, ""}, machine.soon());
    EXPECT_TRUE(ran) << ran.error().message;
    return ran ? trim(ran->out) : "";
  }

  DockerMachine machine;
  std::unique_ptr<CommandRunner> runner = machine.runner();
  ContainerSpec spec;
};

TEST_F(Containers, AreMadeAsRayMakesThem) {
  EXPECT_EQ(prepare(), ContainerChange::kMade);
  EXPECT_EQ(inspect(".HostConfig.NetworkMode"), "host");
  EXPECT_EQ(inspect(".State.Running"), "true");
  EXPECT_EQ(inside("echo $LANG $LC_ALL $HOME"), "C.UTF-8 C.UTF-8 /root");
  const auto size = shm_size(machine.sh("cat /proc/meminfo"));
  ASSERT_TRUE(size);
  const long long has = std::stoll(inspect(".HostConfig.ShmSize"));
  EXPECT_GT(has, *size / 2);
  EXPECT_LT(has, *size * 2);
}

TEST_F(Containers, ThatFitAreLeftAlone) {
  prepare();
  const std::string id = inspect(".Id");
  inside("echo kept >/tmp/file");
  EXPECT_EQ(prepare(), ContainerChange::kNone);
  EXPECT_EQ(inspect(".Id"), id);
  machine.sh("docker stop -t 0 " + machine.name);
  EXPECT_EQ(prepare(), ContainerChange::kStarted);
  EXPECT_EQ(inside("cat /tmp/file"), "kept");
}

TEST_F(Containers, AreReplacedWhenImageOrOptionsChange) {
  prepare();
  spec.labels[kLabelDigest] = "d2";
  spec.options = "--shm-size=64m -e \"GREETING=a b\"   --label extra=$(echo 7)";
  EXPECT_EQ(prepare(), ContainerChange::kMade);
  EXPECT_EQ(inside("echo $GREETING"), "a b");
  EXPECT_EQ(inspect(".HostConfig.ShmSize"), "67108864");
  EXPECT_EQ(inspect("index .Config.Labels \"extra\""), "7");
  spec.image = "rayctl-test:2";
  EXPECT_EQ(prepare(), ContainerChange::kMade);
  // The name may come to mean another image.
  machine.sh("docker tag rayctl-test:1 moving:1");
  spec.image = "moving:1";
  EXPECT_EQ(prepare(), ContainerChange::kMade);
  machine.sh("docker tag rayctl-test:2 moving:1");
  EXPECT_EQ(prepare(), ContainerChange::kMade);
  EXPECT_EQ(prepare(), ContainerChange::kNone);
}

TEST_F(Containers, GetSecretsFromTheEnvironmentAlone) {
  spec.options = "-e TOKEN";
  spec.env = {{"TOKEN", "canary-secret"}};
  prepare();
  EXPECT_EQ(inside("echo $TOKEN"), "canary-secret");
  EXPECT_EQ(machine.sh("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | "
                       "grep -c 'canary-secre[t]' || true"),
            "0");
}

TEST_F(Containers, OfAnotherClusterAreNotTaken) {
  prepare();
  spec.labels = {{kLabelCluster, "c-2"}, {kLabelDigest, "d1"}};
  const Error error = failure();
  EXPECT_EQ(error.code, ErrorCode::kContainerFailed);
  EXPECT_NE(error.message.find("another cluster (c-1)"), std::string::npos) << error.message;
  EXPECT_EQ(inspect(".State.Running"), "true");
}

TEST_F(Containers, ThatCannotBeMadeSayWhy) {
  spec.options = "--no-such-option";
  const std::string message = failure().message;
  EXPECT_NE(message.find("no-such-option"), std::string::npos) << message;
  spec.options = "";
  spec.image = "localhost:1/nothing-there:1";
  EXPECT_NE(failure().message.find("pulling localhost:1/nothing-there:1 failed"),
            std::string::npos);
  spec.program = "no-such-docker";
  EXPECT_NE(failure().message.find("not installed"), std::string::npos);
}

TEST_F(Containers, AreFoundAndRemovedByTheirLabels) {
  prepare();
  ASSERT_TRUE(remove_containers(*runner, {{kLabelCluster, "c-9"}}, "", machine.soon()));
  ASSERT_TRUE(remove_containers(*runner, spec.labels, machine.name, machine.soon()));
  EXPECT_EQ(inspect(".State.Running"), "true");
  const Result<> removed = remove_containers(
      *runner, {{kLabelCluster, "c-1"}, {kLabelNode, "gpu-1"}}, "", machine.soon());
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(machine.sh("docker ps -aq --filter name=" + machine.name), "");
  ASSERT_TRUE(remove_containers(*runner, spec.labels, "", machine.soon()));
}

TEST_F(Containers, NothingRunsInOneThatIsNotThereOrStopped) {
  DockerRunner in(machine.runner(), {.name = machine.name});
  auto ran = in.run({{"true"}, {}, ""}, machine.soon());
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed);
  EXPECT_EQ(ran.error().fault, Fault::kTransient);
  prepare();
  machine.sh("docker stop -t 0 " + machine.name);
  ran = in.run({{"true"}, {}, ""}, machine.soon());
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, ErrorCode::kContainerFailed);
  ASSERT_TRUE(start_container(*runner, "docker", machine.name, machine.soon()));
  EXPECT_TRUE(in.run({{"true"}, {}, ""}, machine.soon()));
}

TEST(ShmSize, IsAsRayChoosesIt) {
  EXPECT_EQ(shm_size("MemTotal: 9 kB\nMemAvailable:   1000000 kB\n"), 337920000);
  EXPECT_EQ(shm_size("MemAvailable: 9000000000 kB\n"), 200'000'000'000);
  EXPECT_EQ(shm_size("MemTotal: 9 kB\n"), std::nullopt);
  EXPECT_EQ(shm_size("MemAvailable: x"), std::nullopt);
}

TEST(ContainerSpecOf, ReadsTheDockerSection) {
  EXPECT_FALSE(container_spec(Json::object()));
  const auto plain = container_spec({{"image", "a"}, {"container_name", "n"}});
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->pull);
  EXPECT_EQ(plain->program, "docker");
  const auto full = container_spec({{"image", "a"},
                                    {"container_name", "n"},
                                    {"pull_before_run", false},
                                    {"use_podman", true},
                                    {"disable_automatic_runtime_detection", true},
                                    {"disable_shm_size_detection", true},
                                    {"run_options", {"--a b", "-c"}}});
  EXPECT_EQ(full->program, "podman");
  EXPECT_FALSE(full->pull);
  EXPECT_FALSE(full->detect_runtime);
  EXPECT_FALSE(full->size_shm);
  EXPECT_EQ(full->options, "--a b -c");
}

}  // namespace
}  // namespace rayctl
