#include "tests/model/examples.h"

#include "base/digest.h"

namespace rayctl::examples {

namespace {

SpecDigests digests(const std::string& seed) {
  const auto digest = [&](const char* what) { return Digest{short_digest(seed + what)}; };
  return {digest("launch"), digest("docker"), digest("files"),
          digest("setup"),  digest("start"),  digest("synced")};
}

NodeSpec spec(const char* type, bool head) {
  NodeSpec spec;
  spec.type = {type};
  spec.provider = {"process"};
  spec.head = head;
  spec.launch = {{"InstanceType", "m5.large"}, {"Disks", {{{"Size", 100}}, nullptr}}};
  spec.docker = {{"image", "rayproject/ray"}};
  spec.file_mounts = {{"~/app", "/home/ana/app \"quoted\"", {sha256_hex("manifest")}}};
  spec.synced_files = {"~/shared"};
  spec.initialization_commands = {"sudo apt-get update"};
  spec.setup_commands = {"pip install 'ray[default]'", "echo \xC3\xA9\n\ttab"};
  spec.start.ray = false;
  spec.start.commands = {"ray stop", "ray start --head"};
  spec.start.command = {"/bin/sleep", "1000"};
  spec.start.args = {{"num-cpus", "2"}, {"block", ""}};
  spec.start.resources = {{"CPU", 2}, {"GPU", 0.5}, {"huge", 1e300}};
  spec.start.labels = {{"zone", "a"}};
  spec.start.monitor_replaced = true;
  spec.digests = digests(type);
  return spec;
}

/// Does not compile when a record gains a field: that one is then to be set below too, so that the
/// tests of the codecs and of the schemas see it.
[[maybe_unused]] void every_field(const Snapshot& s, const NodeRecord& r, const Plan& p,
                                  const Step& step, const NodeSpec& spec, const RayStart& start,
                                  const Precondition& pre, const Diagnostic& diagnostic) {
  [[maybe_unused]] const auto& [s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15] =
      s;
  [[maybe_unused]] const auto& [r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11] = r;
  [[maybe_unused]] const auto& [p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15,
                                p16, p17, p18, p19, p20] = p;
  [[maybe_unused]] const auto& [t1, t2, t3, t4, t5, t6, t7, t8, t9, t10] = step;
  [[maybe_unused]] const auto& [n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11] = spec;
  [[maybe_unused]] const auto& [a1, a2, a3, a4, a5, a6, a7] = start;
  [[maybe_unused]] const auto& [c1, c2, c3] = pre;
  [[maybe_unused]] const auto& [d1, d2, d3, d4, d5] = diagnostic;
}

}  // namespace

Snapshot snapshot() {
  Snapshot snapshot;
  snapshot.lineage = "0f1e2d";
  snapshot.serial = 42;
  snapshot.epoch = 3;
  snapshot.cluster = {"démo: one"};
  snapshot.cluster_id = {"c-123"};
  NodeRecord head{.type = {"head"}, .provider = {"process"}, .head = true, .id = {"p-1"}};
  head.ip = "127.0.1.1";
  head.phase = Phase::kReady;
  head.applied = digests("a");
  head.running = digests("b");
  head.made_by = OpToken{"t-1"};
  NodeRecord worker{.type = {"gpu"}, .provider = {"process"}, .id = {"p-2"}};
  worker.phase = Phase::kFailed;
  worker.launched_at = Time{Millis{1'700'000'000'999}};
  worker.failure = "setup_commands[1] ended with status 2: no space";
  snapshot.nodes = {{NodeName{"head"}, head}, {NodeName{"gpu-1"}, worker}};
  snapshot.open = {{{"t-9"},
                    CreateNodes{{"gpu"}, {{"gpu-2"}, {"gpu-3"}}},
                    Time{Millis{1'700'000'000'123}},
                    {{"us-west-2a m5.large spot x2", std::vector<CloudId>{{"i-1"}}},
                     {"us-west-2b m5.large spot x1", std::nullopt}}},
                   {{"t-10"}, StopRay{{"gpu-1"}}, Time{Millis{1'700'000'000'456}}, {}}};
  snapshot.resources = {{ResourceName{"key-pair"},
                         {.provider = {"aws"},
                          .title = "ray-autoscaler_us-west-2",
                          .id = "key-0abc",
                          .ours = true,
                          .needs = {{"role"}}}}};
  snapshot.highest = {{NodeTypeName{"gpu"}, 3}};
  snapshot.breakdown = {{head.applied.launch, {{"node_config.InstanceType", {"aa"}}}},
                        {head.applied.setup, {{"setup_commands", {"bb"}}}}};
  snapshot.autoscaler = {"cc"};
  snapshot.config = {"dd"};
  snapshot.pins = {{"host-key", {{"10.0.0.2", "ssh-ed25519 SHA256:abc"}}}};
  snapshot.overrides = {2, 5};
  snapshot.imported = true;
  return snapshot;
}

Plan plan() {
  Plan plan;
  plan.lineage = "0f1e2d";
  plan.epoch = 3;
  plan.config = {"dd"};
  plan.made_at = Time{Millis{1'700'000'000'789}};
  plan.cluster = {"demo"};
  plan.cluster_id = {"c-123"};
  plan.head_type = {"head"};
  plan.destroy = true;
  plan.specs = {{NodeTypeName{"head"}, spec("head", true)},
                {NodeTypeName{"gpu"}, spec("gpu", false)}};
  plan.breakdown = {{Digest{"ee"}, {{"file_mounts ~/app", {"ff"}}}}};
  plan.autoscaler = {"cc"};
  plan.overrides = {std::nullopt, 7};
  const std::vector<Action> actions = {
      CreateNodes{{"gpu"}, {{"gpu-2"}, {"gpu-3"}}},
      PrepareContainer{{"gpu-2"}, {"d1"}},
      SyncFiles{{"gpu-2"}, {"d2"}},
      SyncFromHead{{"gpu-2"}, {"d3"}},
      SetUpNode{{"gpu-2"}, {"d4"}},
      StartRay{{"gpu-2"}, {"d5"}},
      StopRay{{"gpu-1"}},
      DrainNode{{"gpu-1"}, {"p-2"}, Millis{60'000}},
      TerminateNode{{"gpu-1"}, {"p-2"}, true},
      AdoptNode{{"gpu-4"}, {"gpu"}, {"p-4"}},
      ForgetNode{{"gpu-5"}},
      CloseOp{{"t-9"}},
      ConfigureAutoscaler{{"cc"}},
      MakeResource{{"security-group"}, "ray-autoscaler-demo"},
      RemoveResource{{"key-pair"}, "ray-autoscaler_us-west-2"},
  };
  for (std::size_t i = 0; i < actions.size(); ++i) {
    Step step;
    step.id = static_cast<int>(i);
    step.action = actions[i];
    step.pre = {CloudId{"p-2"}, static_cast<Power>(i % 5), digests("pre")};
    step.reason = static_cast<Reason>(i % 12);
    step.fields = {"setup_commands"};
    step.because = "setup_commands changed";
    step.disturbs = "nobody (idle 12 min)";
    if (i == 0) step.resume = OpToken{"t-9"};
    if (std::holds_alternative<SyncFiles>(step.action)) step.sends = {{"~/app", {12, 3, 1, 3100}}};
    if (i > 0) step.after = {static_cast<int>(i) - 1};
    plan.steps.push_back(step);
  }
  plan.left_out = {{{"gpu-1"}, "restart Ray", "--no-restart: setup_commands changed"}};
  plan.blind_spots = {"provider aws could not be listed: 3 nodes left alone"};
  plan.blocked = {{Severity::kError, "the head would be replaced", "pass --replace-head",
                   Source{"cluster.yaml", 3, 5, 7}, ErrorCode::kPlanNeedsDecision},
                  {Severity::kWarning, "no place", "", std::nullopt, ErrorCode::kForeignMachine}};
  plan.images = {{"latest_dlami", "ami-0abc"}};
  plan.resources = {{ResourceName{"security-group"},
                     {.name = {"security-group"},
                      .provider = {"aws"},
                      .title = "ray-autoscaler-demo",
                      .needs = {{"key-pair"}},
                      .want = {{"rules", {{{"port", 22}}}}}}}};
  plan.notes = {"the role ray-autoscaler-v1 is shared"};
  plan.nodes_unchanged = 17;
  return plan;
}

Snapshot large_snapshot(int nodes) {
  Snapshot large;
  large.lineage = "0f1e2d";
  large.serial = 1;
  large.cluster = {"demo"};
  for (int i = 1; i <= nodes; ++i) {
    const std::string number = std::to_string(i);
    NodeRecord record{.type = {"gpu"}, .provider = {"process"}, .id = {"i-0123456789" + number}};
    record.ip = "10.0.1." + number;
    record.phase = Phase::kReady;
    record.applied = record.running = digests("same");
    record.made_by = OpToken{short_digest(number)};
    large.nodes.emplace(NodeName{"gpu-" + number}, record);
  }
  return large;
}

Plan large_plan(int nodes) {
  Plan large = plan();
  large.steps.clear();
  const auto add = [&](Action action, std::vector<int> after) {
    Step step;
    step.id = static_cast<int>(large.steps.size());
    step.action = std::move(action);
    step.because = "fewer nodes than min_workers";
    step.after = std::move(after);
    large.steps.push_back(std::move(step));
    return large.steps.back().id;
  };
  CreateNodes create{{"gpu"}, {}};
  for (int i = 1; i <= nodes; ++i)
    create.nodes.push_back({"gpu-" + std::to_string(i)});
  const int created = add(create, {});
  for (const NodeName& node : create.nodes) {
    const int synced = add(SyncFiles{node, {"d2"}}, {created});
    const int set_up = add(SetUpNode{node, {"d4"}}, {synced});
    add(StartRay{node, {"d5"}}, {set_up});
  }
  return large;
}

}  // namespace rayctl::examples
