#include "planner/new_nodes.h"

#include <utility>

#include "planner/node_names.h"

namespace rayctl::planning {

NodeName NewNodes::next_name(const NodeTypeName& type) {
  return numbered(type, ++survey_.highest[type.text]);
}

int NewNodes::add(NodeName name, const NodeSpec& spec, Reason reason, const std::string& because) {
  Work work{.name = std::move(name), .type = spec.type};
  work.head = spec.type == in_.desired.head_type;
  work.spec = &spec;
  work.fate = Fate::kCreate;
  work.reason = reason;
  work.because = because;
  work.needs = needs_of(NodeRecord{}, spec.digests, false);
  work.needs.start = true;
  roster_.works.push_back(std::move(work));
  return static_cast<int>(roster_.works.size()) - 1;
}

void NewNodes::replace(int old, Reason reason, const std::string& because) {
  const NodeSpec& spec = *roster_.works[static_cast<std::size_t>(old)].spec;
  const int fresh = add(next_name(spec.type), spec, reason, because);
  Work& work = roster_.works[static_cast<std::size_t>(old)];
  Work& partner = roster_.works[static_cast<std::size_t>(fresh)];
  work.fate = Fate::kReplace;
  work.reason = reason;
  work.because = because;
  work.partner = fresh;
  partner.partner = old;
  partner.fields = work.fields;
  roster_.launches.push_back({.type = spec.type, .works = {fresh}});
  if (work.head) roster_.head = fresh;
}

void NewNodes::create(const NodeTypeName& type, int count, const std::string& because) {
  const NodeSpec* spec = spec_of(in_.desired, type);
  if (spec == nullptr) return;
  if (!listed(in_, spec->provider)) {
    if (!in_.observed.machines.contains(spec->provider)) {
      roster_.blind_spots.push_back("machines of " + spec->provider.text +
                                    " were not listed; none of " + type.text + " is made");
    }
    return;
  }
  for (const OpenOp& op : in_.snapshot.open) {
    const auto* begun = std::get_if<CreateNodes>(&op.action);
    if (begun == nullptr || begun->type != type || count <= 0) continue;
    count -= resume(op, *begun, *spec, count);
  }
  if (count <= 0) return;
  Launch launch{.type = type};
  for (int n = 0; n < count; ++n) {
    launch.works.push_back(add(next_name(type), *spec, Reason::kMissing, because));
  }
  roster_.launches.push_back(std::move(launch));
}

/// The names that a launch has not given yet; nullopt if one of its nodes is on its way out, since
/// to ask for all of them again would bring that one back.
std::optional<std::vector<NodeName>> NewNodes::missing_of(const CreateNodes& begun) {
  if (by_name_.empty()) {
    for (int i = 0; i < static_cast<int>(roster_.works.size()); ++i) {
      by_name_.emplace(roster_.works[static_cast<std::size_t>(i)].name, i);
    }
  }
  std::vector<NodeName> missing;
  std::unordered_map<NodeName, bool> seen;
  for (const NodeName& name : begun.nodes) {
    if (in_.desired.release.contains(name)) return std::nullopt;
    if (!seen.emplace(name, true).second) continue;
    const auto known = by_name_.find(name);
    if (known == by_name_.end()) {
      missing.push_back(name);
      continue;
    }
    const Work& work = roster_.works[static_cast<std::size_t>(known->second)];
    const bool stays = work.fate == Fate::kKeep || work.fate == Fate::kLeave;
    if (!stays || work.type != begun.type) return std::nullopt;
  }
  return missing;
}

/// Goes on with a launch if at least as many nodes are wanted as it may still make; how many.
int NewNodes::resume(const OpenOp& op, const CreateNodes& begun, const NodeSpec& spec, int most) {
  std::optional<std::vector<NodeName>> missing = missing_of(begun);
  const int more = missing ? static_cast<int>(missing->size()) : 0;
  if (more == 0 || more > most) return 0;
  Launch launch{.type = spec.type, .resume = op.token, .names = begun.nodes};
  for (NodeName& name : *missing) {
    launch.works.push_back(add(name, spec, Reason::kResume, "its launch was begun before"));
    by_name_.emplace(std::move(name), launch.works.back());
  }
  roster_.launches.push_back(std::move(launch));
  return more;
}

}  // namespace rayctl::planning
