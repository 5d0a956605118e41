#include "cli/rebuild.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "model/tags.h"

namespace rayctl {
namespace {

bool lives(const CloudNode& machine) {
  return machine.power == Power::kPending || machine.power == Power::kRunning ||
         machine.power == Power::kStopped;
}

ClusterId choose_id(const std::vector<CloudNode>& machines, const std::string& fresh_id) {
  std::map<ClusterId, int> votes;
  for (const CloudNode& machine : machines) {
    if (!machine.cluster) continue;
    if (machine.head) return *machine.cluster;
    ++votes[*machine.cluster];
  }
  auto most = std::max_element(votes.begin(), votes.end(), [](const auto& one, const auto& other) {
    return one.second < other.second;
  });
  return most == votes.end() ? ClusterId{fresh_id} : most->first;
}

/// The number at the end of "gpu-3"; 0 if there is none.
int number_of(const NodeName& name) {
  std::size_t dash = name.text.rfind('-');
  if (dash == std::string::npos) return 0;
  int number = 0;
  const char* end = name.text.data() + name.text.size();
  auto [at, error] = std::from_chars(name.text.data() + dash + 1, end, number);
  return error == std::errc{} && at == end ? number : 0;
}

NodeTypeName type_of(const Config& config, const CloudNode& machine) {
  if (machine.type) return *machine.type;
  if (machine.head) return config.head_type;
  for (const NodeTypeConfig& type : config.node_types) {
    if (type.name != config.head_type) return type.name;
  }
  return config.head_type;
}

/// What Ray's launcher calls up to date has everything that the file says: its own digests of that
/// cover what only it computes.
void take_as_current(NodeRecord& record, const NodeSpec& spec) {
  const SpecDigests& now = spec.digests;
  record.applied.docker = now.docker;
  record.applied.files = now.files;
  record.applied.setup = now.setup;
  record.applied.synced = now.synced;
  record.running = {
      .docker = now.docker, .files = now.files, .setup = now.setup, .start = now.start};
}

}  // namespace

Rebuilt rebuild_snapshot(const Config& config, const Desired& desired, const Snapshot& previous,
                         const std::vector<CloudNode>& machines, const std::string& fresh_id,
                         const RayLaunchTags& ray_tags, const RayFileTags& file_tags) {
  Rebuilt rebuilt;
  Snapshot& snapshot = rebuilt.snapshot;
  snapshot.lineage = previous.lineage;
  snapshot.serial = previous.serial;
  snapshot.epoch = previous.epoch;
  snapshot.highest = previous.highest;
  snapshot.pins = previous.pins;
  snapshot.cluster = config.cluster;
  snapshot.cluster_id = choose_id(machines, fresh_id);
  // Limits live in no tag; the file's are taken as applied, since they disturb no node.
  snapshot.autoscaler = desired.autoscaler;
  snapshot.config = desired.config;
  snapshot.breakdown = desired.breakdown;

  std::vector<CloudNode> order;
  std::copy_if(machines.begin(), machines.end(), std::back_inserter(order), lives);
  std::sort(order.begin(), order.end(),
            [](const CloudNode& one, const CloudNode& other) { return one.id < other.id; });
  std::vector<CloudNode> unnamed;
  auto compare_files = [&](NodeRecord& made, const CloudNode& machine, const NodeName& name) {
    const std::set<std::string>& now = machine.head ? file_tags.head : file_tags.workers;
    const auto tag = machine.tags.find(kTagFileMounts);
    if (tag == machine.tags.end() || now.empty()) {
      rebuilt.files_unproven.push_back(name);
    } else if (now.contains(tag->second)) {
      rebuilt.files_proven.push_back(name);
    } else {
      made.applied.files = made.running.files = {};
      rebuilt.files_differ.push_back(name);
    }
  };
  auto record = [&](const NodeName& name, const CloudNode& machine) {
    NodeRecord made = record_from_tags(machine, config.provider);
    made.type = type_of(config, machine);
    const auto tag = machine.tags.find(kTagLaunchConfig);
    if (made.applied.launch.text.empty() && tag != machine.tags.end()) {
      const auto spec = desired.specs.find(made.type);
      const auto known = ray_tags.find(made.type);
      if (spec != desired.specs.end() && known != ray_tags.end()) {
        const bool same = known->second.contains(tag->second);
        if (same) made.applied.launch = spec->second.digests.launch;
        if (!same) rebuilt.launched_otherwise.push_back(name);
      }
    }
    const auto spec = desired.specs.find(made.type);
    if (!machine.cluster && spec != desired.specs.end() && made.phase == Phase::kReady) {
      take_as_current(made, spec->second);
      rebuilt.taken_as_current.push_back(name);
      if (!spec->second.digests.files.empty()) compare_files(made, machine, name);
    }
    int& highest = snapshot.highest[made.type];
    highest = std::max(highest, number_of(name));
    snapshot.nodes[name] = std::move(made);
  };
  for (const CloudNode& machine : order) {
    bool ours = machine.cluster == snapshot.cluster_id;
    if (!ours) rebuilt.foreign.push_back(machine);
    if (ours && machine.name && !snapshot.nodes.contains(*machine.name)) {
      record(*machine.name, machine);
    } else {
      unnamed.push_back(machine);
    }
  }
  for (const CloudNode& machine : unnamed) {
    NodeTypeName type = type_of(config, machine);
    NodeName name{type.text + "-" + std::to_string(snapshot.highest[type] + 1)};
    record(name, machine);
    for (CloudNode& foreign : rebuilt.foreign) {
      if (foreign.id == machine.id) foreign.name = name;
    }
  }
  bool made_elsewhere = std::any_of(rebuilt.foreign.begin(), rebuilt.foreign.end(),
                                    [](const CloudNode& machine) { return !machine.cluster; });
  snapshot.imported = previous.imported || made_elsewhere;
  return rebuilt;
}

}  // namespace rayctl
