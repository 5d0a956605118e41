#include "planner/changes.h"

#include <algorithm>

namespace rayctl::planning {
namespace {

/// What the breakdown of a digest says; null where nothing is known of it.
const FieldDigests* breakdown_of(const Inputs& in, const Digest& digest) {
  static const FieldDigests kNothing;
  if (digest.empty()) return &kNothing;
  for (const auto* all : {&in.desired.breakdown, &in.snapshot.breakdown}) {
    const auto found = all->find(digest);
    if (found != all->end()) return &found->second;
  }
  return nullptr;
}

std::vector<std::string> differing(const FieldDigests& before, const FieldDigests& after) {
  std::vector<std::string> fields;
  for (const auto& [field, digest] : before) {
    const auto found = after.find(field);
    if (found == after.end() || found->second != digest) fields.push_back(field);
  }
  for (const auto& [field, digest] : after) {
    if (!before.contains(field)) fields.push_back(field);
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

std::string program_version(const std::map<Digest, FieldDigests>& breakdown,
                            const Digest& autoscaler) {
  const auto fields = breakdown.find(autoscaler);
  if (fields == breakdown.end()) return "";
  const auto version = fields->second.find(kProgramField);
  return version == fields->second.end() ? "" : version->second.text;
}

}  // namespace

const std::vector<std::string>& Changes::fields(const Digest& before, const Digest& after,
                                                std::string_view effect) {
  static const std::vector<std::string> kNone;
  if (before == after) return kNone;
  const auto known = known_.find(std::tuple<std::string_view, std::string_view, std::string_view>(
      before.text, after.text, effect));
  if (known != known_.end()) return known->second;
  std::vector<std::string>& fields = known_[Key(before.text, after.text, effect)];
  const FieldDigests* old_fields = breakdown_of(in_, before);
  const FieldDigests* new_fields = breakdown_of(in_, after);
  if (old_fields != nullptr && new_fields != nullptr) fields = differing(*old_fields, *new_fields);
  if (fields.empty()) fields.emplace_back(effect);
  return fields;
}

std::string working_program(const Snapshot& snapshot) {
  const bool head = std::any_of(snapshot.nodes.begin(), snapshot.nodes.end(),
                                [](const auto& node) { return node.second.head; });
  return head ? program_version(snapshot.breakdown, snapshot.autoscaler) : "";
}

std::string wanted_program(const Desired& desired) {
  return program_version(desired.breakdown, desired.autoscaler);
}

Needs needs_of(const NodeRecord& record, const SpecDigests& want, bool files_beside_ray) {
  Needs needs;
  const SpecDigests& has = record.applied;
  const SpecDigests& runs = record.running;
  needs.container = has.docker != want.docker;
  // A new container is empty.
  needs.files = has.files != want.files || (needs.container && !want.files.empty());
  needs.setup = has.setup != want.setup || (needs.container && !want.setup.empty());
  needs.synced = has.synced != want.synced;
  const bool files = files_beside_ray || runs.files == want.files;
  const bool same =
      runs.docker == want.docker && files && runs.setup == want.setup && runs.start == want.start;
  const bool up = started(record) || (same && record.phase == Phase::kReady);
  needs.start =
      !up || !same || needs.container || needs.setup || (needs.files && !files_beside_ray);
  needs.stop = needs.start && up;
  return needs;
}

Needs needs_beside_ray(const NodeRecord& record, const SpecDigests& want) {
  return {.files = record.applied.files != want.files,
          .setup = record.applied.setup != want.setup,
          .synced = record.applied.synced != want.synced};
}

bool launch_differs(const NodeRecord& record, const SpecDigests& want) {
  return !record.applied.launch.empty() && record.applied.launch != want.launch;
}

std::vector<std::string> restart_fields(Changes& changes, const SpecDigests& running,
                                        const SpecDigests& want) {
  std::vector<std::string> all;
  const auto add = [&](const Digest& before, const Digest& after, std::string_view effect) {
    const std::vector<std::string>& some = changes.fields(before, after, effect);
    all.insert(all.end(), some.begin(), some.end());
  };
  add(running.docker, want.docker, "docker");
  add(running.files, want.files, "files");
  add(running.setup, want.setup, "setup");
  add(running.start, want.start, "start");
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace rayctl::planning
