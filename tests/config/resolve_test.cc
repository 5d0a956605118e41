#include "config/resolve.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "config/monitor_flag.h"
#include "config/secrets.h"
#include "tests/config/support.h"

namespace rayctl {
namespace {

constexpr char kProcess[] = R"(
cluster_name: demo
max_workers: 4
provider: {type: process}
available_node_types:
  head: {node_config: {}}
  worker:
    min_workers: 1
    resources: {CPU: 1}
    labels: {pool: blue}
    node_config: {ray_start_args: {num_gpus: 0, block: true, quiet: false, memory: 1.5}, env: {A: b}}
head_node_type: head
setup_commands: [one]
worker_setup_commands: [two]
)";

constexpr char kAws[] = R"(
cluster_name: demo
max_workers: 4
provider: {type: aws, region: us-west-2}
auth: {ssh_user: ubuntu, ssh_private_key: ~/.ssh/a.pem}
docker: {image: img, head_image: head-img, container_name: ray, run_options: [-a], worker_run_options: [-b]}
available_node_types:
  head: {resources: {CPU: 1}, node_config: {InstanceType: m5.large}}
  gpu:
    min_workers: 1
    resources: {GPU: 1}
    node_config: {InstanceType: p3.2xlarge, ImageId: ami-1}
    docker: {worker_image: gpu-img}
head_node_type: head
cluster_synced_files: [/data]
initialization_commands: [zero]
setup_commands: [one]
head_setup_commands: [two]
head_start_ray_commands: [start head]
worker_start_ray_commands: [start worker]
)";

Desired resolved(const std::string& yaml, const std::string& key = "key") {
  Config config = good(yaml);
  return resolve(config, default_scale(config, {}), {{"~/app", {"m1"}}}, key);
}

std::string edited(std::string text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// "launch: node_config.InstanceType" for each digest of `type` that an edit changes, and its
/// fields.
std::string changes(const std::string& before, const std::string& after, const std::string& type) {
  Desired was = resolved(before), is = resolved(after);
  std::string text;
  auto compare = [&](const char* effect, const Digest& old_one, const Digest& new_one) {
    if (old_one == new_one) return;
    text += std::string(text.empty() ? "" : "; ") + effect + ":";
    FieldDigests old_fields = was.breakdown[old_one], new_fields = is.breakdown[new_one];
    for (const auto& [name, digest] : old_fields) {
      if (!new_fields.contains(name) || new_fields[name] != digest) text += " " + name;
    }
    for (const auto& [name, digest] : new_fields) {
      if (!old_fields.contains(name)) text += " " + name;
    }
  };
  const SpecDigests &a = was.specs[{type}].digests, &b = is.specs[{type}].digests;
  compare("launch", a.launch, b.launch);
  compare("docker", a.docker, b.docker);
  compare("files", a.files, b.files);
  compare("setup", a.setup, b.setup);
  compare("start", a.start, b.start);
  compare("synced", a.synced, b.synced);
  compare("autoscaler", was.autoscaler, is.autoscaler);
  EXPECT_TRUE(text.empty() || was.config != is.config);
  return text;
}

TEST(Resolve, NamesTheFieldThatChanged) {
  struct Edit {
    std::string from, to, head, gpu;
  };
  const std::vector<Edit> edits = {
      {"ImageId: ami-1", "ImageId: ami-2", "", "launch: node_config.ImageId"},
      {"InstanceType: m5.large", "InstanceType: m5.xlarge", "launch: node_config.InstanceType", ""},
      {"a.pem", "b.pem", "launch: auth.ssh_private_key", "launch: auth.ssh_private_key"},
      {"head-img", "other", "docker: docker.image", ""},
      {"gpu-img", "other", "", "docker: docker.image"},
      {"[-a]", "[-c]", "docker: docker.run_options", "docker: docker.run_options"},
      {"[zero]", "[]", "setup: initialization_commands", "setup: initialization_commands"},
      {"[one]", "[1 one]", "setup: setup_commands", "setup: setup_commands"},
      {"[two]", "[2 two]", "setup: head_setup_commands", ""},
      {"[start head]", "[go]", "start: head_start_ray_commands", ""},
      {"[start worker]", "[go]", "", "start: worker_start_ray_commands"},
      {"{GPU: 1}", "{GPU: 2}", "", "start: resources"},
      {"[/data]", "[/other]", "", "synced: cluster_synced_files"},
      {"min_workers: 1", "min_workers: 2", "autoscaler: min_workers of gpu",
       "autoscaler: min_workers of gpu"},
      {"max_workers: 4", "max_workers: 5", "autoscaler: max_workers max_workers of gpu",
       "autoscaler: max_workers max_workers of gpu"},
      {"max_workers: 4", "idle_timeout_minutes: 1\nmax_workers: 4",
       "autoscaler: idle_timeout_minutes", "autoscaler: idle_timeout_minutes"},
      {"    min_workers: 1", "    worker_setup_commands: [own]\n    min_workers: 1", "",
       "setup: setup_commands worker_setup_commands of gpu"},
      {"    min_workers: 1", "    labels: {a: b}\n    min_workers: 1", "", "start: labels"},
  };
  for (const Edit& edit : edits) {
    std::string after = edited(kAws, edit.from, edit.to);
    EXPECT_EQ(changes(kAws, after, "head"), edit.head) << edit.to;
    EXPECT_EQ(changes(kAws, after, "gpu"), edit.gpu) << edit.to;
  }
}

TEST(Resolve, RaysMonitorStaysOffUnlessItIsWanted) {
  const std::string with = edited(kAws, "[start head]",
                                  "[ray stop, \"ulimit -n 65536; ray start --head "
                                  "--autoscaling-config=~/ray_bootstrap_config.yaml --port=1\"]");
  const auto head = [](const std::string& yaml) { return resolved(yaml).specs[{"head"}].start; };
  EXPECT_EQ(head(with).commands[1], "ulimit -n 65536; ray start --head --no-monitor --port=1");
  EXPECT_TRUE(head(with).monitor_replaced);
  EXPECT_EQ(head("rayctl: {autoscaler: none}\n" + with), head(with));
  const RayStart kept = head("rayctl: {autoscaler: ray}\n" + with);
  EXPECT_EQ(kept.commands[1],
            "ulimit -n 65536; ray start --head --autoscaling-config=~/ray_bootstrap_config.yaml "
            "--port=1");
  EXPECT_FALSE(kept.monitor_replaced);
  EXPECT_FALSE(head(kAws).monitor_replaced);
  EXPECT_EQ(changes(with, "rayctl: {autoscaler: ray}\n" + with, "head"),
            "start: head_start_ray_commands");
}

TEST(MonitorFlag, GoesWithItsValueHoweverThatIsWritten) {
  for (const auto& [line, without] : std::vector<std::pair<std::string, std::string>>{
           {"ray start --autoscaling-config=~/a.yaml", "ray start --no-monitor"},
           {"ray start --autoscaling-config ~/a.yaml --head", "ray start --no-monitor --head"},
           {"ray start --autoscaling-config=\"$HOME/a b\";x", "ray start --no-monitor;x"},
           {"ray start --autoscaling-config='a b'c\\ d && x", "ray start --no-monitor && x"},
           {"--autoscaling-config=a --autoscaling-config=b", "--no-monitor --no-monitor"},
           {"--autoscaling-config", "--autoscaling-config"},
           {"--autoscaling-config=", "--no-monitor"},
           {"--autoscaling-config ", "--no-monitor"},
           {"--autoscaling-configs=a x--autoscaling-config=b",
            "--autoscaling-configs=a x--autoscaling-config=b"},
           {"", ""}}) {
    EXPECT_EQ(without_monitor(line), without) << line;
  }
}

TEST(Resolve, CommentsAndOrderChangeNothing) {
  std::string after = edited(
      kAws, "auth: {ssh_user: ubuntu, ssh_private_key: ~/.ssh/a.pem}",
      "# a comment\nauth:\n  ssh_private_key: \"~/.ssh/a.pem\" # another\n  ssh_user: ubuntu");
  after = edited(after, "{InstanceType: p3.2xlarge, ImageId: ami-1}",
                 "{ImageId: ami-1, InstanceType: p3.2xlarge}");
  EXPECT_EQ(changes(kAws, after, "gpu"), "");
  EXPECT_EQ(changes(kAws, after, "head"), "");
  EXPECT_EQ(resolved(kAws).config, resolved(after).config);
  EXPECT_NE(good(kAws).text_digest, good(after).text_digest);
}

TEST(Resolve, AProcessStartsWithItsArguments) {
  Desired desired = resolved(kProcess);
  const NodeSpec& worker = desired.specs[{"worker"}];
  EXPECT_TRUE(worker.start.ray);
  EXPECT_EQ(worker.start.args, (std::map<std::string, std::string>{
                                   {"num-gpus", "0"}, {"block", ""}, {"memory", "1.5"}}));
  EXPECT_EQ(worker.setup_commands, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(desired.specs[{"head"}].setup_commands, std::vector<std::string>{"one"});
  EXPECT_EQ(changes(kProcess, edited(kProcess, "num_gpus: 0", "num_gpus: 1"), "worker"),
            "start: ray_start_args.num-gpus");
  EXPECT_EQ(changes(kProcess, edited(kProcess, "A: b", "A: c"), "worker"), "start: env.A");
  EXPECT_EQ(changes(kProcess, edited(kProcess, "num_gpus", "num-gpus"), "worker"), "");
  Desired plain =
      resolved(edited(kProcess, "{node_config: {}}", "{node_config: {command: [sleep, '9']}}"));
  EXPECT_FALSE(plain.specs[{"head"}].start.ray);
  EXPECT_EQ(plain.specs[{"head"}].start.command, (std::vector<std::string>{"sleep", "9"}));
}

TEST(Resolve, WorkGetsAsLongToEndAsTheFileSays) {
  const auto patience = [](const std::string& seconds) {
    const std::string provider = "{type: process, rayctl: {drain_timeout_s: " + seconds + "}}";
    return resolved(edited(kProcess, "{type: process}", provider)).drain_patience;
  };
  EXPECT_EQ(resolved(kProcess).drain_patience, Millis{60'000});
  EXPECT_EQ(patience("30.5"), Millis{30'500});
  EXPECT_EQ(patience("0"), Millis{0});
  EXPECT_EQ(patience("1.0e+300"), std::chrono::days{365});
}

TEST(Resolve, AMountIsItsContents) {
  Config config = good(std::string(kProcess) + "file_mounts: {~/b: ./b, ~/a: ./a}\n");
  Desired one = resolve(config, {}, {{"~/a", {"1"}}, {"~/b", {"2"}}}, "key");
  Desired two = resolve(config, {}, {{"~/a", {"1"}}, {"~/b", {"3"}}}, "key");
  const SpecDigests &was = one.specs[{"worker"}].digests, &is = two.specs[{"worker"}].digests;
  EXPECT_NE(was.files, is.files);
  EXPECT_EQ(was.setup, is.setup);
  EXPECT_EQ(one.breakdown[was.files]["file_mounts ~/a"],
            two.breakdown[is.files]["file_mounts ~/a"]);
  EXPECT_NE(one.breakdown[was.files]["file_mounts ~/b"],
            two.breakdown[is.files]["file_mounts ~/b"]);
  EXPECT_EQ(one.specs[{"worker"}].file_mounts.at(0).remote, "~/a");
}

/// Every text of a Desired, for the search for a canary.
std::string everything(const Desired& desired) {
  std::string text;
  for (const auto& [type, spec] : desired.specs) {
    text += spec.launch.dump() + spec.docker.dump() + Json(spec.setup_commands).dump() +
            Json(spec.initialization_commands).dump() + Json(spec.start.commands).dump() +
            Json(spec.start.args).dump() + Json(spec.start.command).dump();
  }
  return text;
}

constexpr char kSecrets[] = R"(
provider: {type: aws, region: x}
docker: {image: i, container_name: c, run_options: [-e API_KEY=canary-1]}
initialization_commands: [docker login -u me --password=canary-2]
setup_commands: ["export HF_TOKEN='canary-3' && git clone https://me:canary-4@example.com/x", "echo secret://env/FINE $TOKEN"]
head_start_ray_commands: [ray start --redis-password=canary-5]
available_node_types:
  head:
    node_config: {InstanceType: a, UserData: "#!/bin/sh canary-6", db_password: canary-7}
head_node_type: head
)";

TEST(Secrets, AreSealedEverywhereAndCanBeOpened) {
  std::string yaml = edited(kSecrets, ", db_password: canary-7", "");
  Desired desired = resolved(yaml);
  std::string text = everything(desired);
  EXPECT_EQ(text.find("canary"), std::string::npos) << text;
  EXPECT_NE(text.find("secret://env/FINE $TOKEN"), std::string::npos) << text;
  std::map<std::string, std::string> sealed = inline_secrets(good(yaml), "key");
  std::string values;
  for (const auto& [reference, value] : sealed) {
    EXPECT_TRUE(reference.starts_with("secret://digest/")) << reference;
    EXPECT_NE(text.find(reference), std::string::npos) << reference;
    values += value + "\n";
  }
  for (const char* canary :
       {"canary-1", "canary-2", "canary-3", "https://me:canary-4@example.com/x", "canary-5",
        "#!/bin/sh canary-6"}) {
    EXPECT_NE(values.find(canary), std::string::npos) << canary << " in\n" << values;
  }
}

TEST(Secrets, AreKeyedAndCompared) {
  std::string yaml = edited(kSecrets, ", db_password: canary-7", "");
  Digest launch = resolved(yaml).specs[{"head"}].digests.launch;
  EXPECT_NE(resolved(yaml, "other").specs[{"head"}].digests.launch, launch);
  EXPECT_EQ(changes(yaml, edited(yaml, "canary-6", "canary-8"), "head"),
            "launch: node_config.UserData");
  EXPECT_EQ(changes(yaml, edited(yaml, "canary-3", "canary-9"), "head"), "setup: setup_commands");
}

TEST(Secrets, OfAPodAreItsEnvironment) {
  Config config = good(
      "provider: {type: kubernetes}\nhead_node_type: head\navailable_node_types:\n  head:\n    "
      "node_config:\n"
      "      spec: {containers: [{name: x, env: [{name: HARMLESS, value: canary}, {name: B, value: "
      "$(X)}]}]}\n");
  Desired desired = resolve(config, {}, {}, "key");
  std::string text = everything(desired);
  EXPECT_EQ(text.find("canary"), std::string::npos) << text;
  EXPECT_NE(text.find("HARMLESS"), std::string::npos);
}

Config counts(const std::vector<std::tuple<int, int>>& types, int most) {
  Config config;
  config.max_workers = most;
  config.head_type.text = "head";
  config.node_types.push_back({.name = {"head"}});
  for (std::size_t i = 0; i < types.size(); ++i) {
    NodeTypeConfig type;
    type.name.text = "t" + std::to_string(i);
    std::tie(type.min_workers, type.max_workers) = types[i];
    config.node_types.push_back(type);
  }
  return config;
}

TEST(DefaultScale, FollowsWhatLivesBetweenTheLimits) {
  struct Case {
    std::vector<std::tuple<int, int>> types;
    int most;
    std::map<NodeTypeName, int> living, want;
  };
  const std::vector<Case> cases = {
      {{{1, 3}}, 3, {}, {{{"t0"}, 1}}},
      {{{1, 3}}, 3, {{{"t0"}, 2}}, {{{"t0"}, 2}}},
      {{{1, 3}}, 9, {{{"t0"}, 7}}, {{{"t0"}, 3}}},
      {{{1, 3}}, 2, {{{"t0"}, 3}}, {{{"t0"}, 2}}},
      {{{0, 5}, {1, 5}}, 4, {{{"t0"}, 3}, {{"t1"}, 3}}, {{{"t0"}, 3}, {{"t1"}, 1}}},
      {{{0, 5}, {2, 5}}, 4, {{{"t0"}, 5}, {{"t1"}, 5}}, {{{"t0"}, 2}, {{"t1"}, 2}}},
      {{{3, 5}, {3, 5}}, 4, {}, {{{"t0"}, 3}, {{"t1"}, 1}}},
      {{{0, 0}}, 4, {{{"t0"}, 2}, {{"gone"}, 9}}, {{{"t0"}, 0}}},
      {{}, 4, {{{"gone"}, 9}}, {}},
  };
  for (const Case& each : cases)
    EXPECT_EQ(default_scale(counts(each.types, each.most), each.living).want, each.want);
}

RC_GTEST_PROP(DefaultScale, KeepsTheLimitsAndIsStable, ()) {
  auto count = rc::gen::inRange(0, 6);
  int kinds = *rc::gen::inRange(0, 4), most = *rc::gen::inRange(0, 12);
  std::vector<std::tuple<int, int>> types;
  std::map<NodeTypeName, int> living;
  long long mins = 0;
  for (int i = 0; i < kinds; ++i) {
    int min = *count, max = min + *count;
    types.emplace_back(min, max);
    mins += min;
    living[{"t" + std::to_string(i)}] = *count * 2;
  }
  Config config = counts(types, most);
  Scale scale = default_scale(config, living);
  long long total = 0;
  for (const auto& [type, want] : scale.want) {
    const NodeTypeConfig& of = *config.find(type);
    RC_ASSERT(want >= 0 && want <= of.max_workers);
    RC_ASSERT(mins > most || want >= of.min_workers);
    total += want;
  }
  RC_ASSERT(total <= most);
  RC_ASSERT(default_scale(config, scale.want) == scale);
}

TEST(ResolveDestroy, KeepsWhatWasAskedFor) {
  Config config = good(kAws);
  NodeTypeName head{"head"}, gpu{"gpu"};
  auto want = [&](bool workers_only, bool keep_min) {
    Desired desired = resolve_destroy(config, {}, "key", workers_only, keep_min, {{gpu, 3}});
    EXPECT_TRUE(desired.destroy);
    return std::pair(desired.want[head], desired.want[gpu]);
  };
  EXPECT_EQ(want(false, false), std::pair(0, 0));
  EXPECT_EQ(want(true, false), std::pair(1, 0));
  EXPECT_EQ(want(false, true), std::pair(1, 1));
}

}  // namespace
}  // namespace rayctl
