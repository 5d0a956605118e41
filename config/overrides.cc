#include "config/overrides.h"

#include <algorithm>

namespace rayctl {
namespace {

int count_of(const Yaml& type, const char* key) {
  const Yaml* value = type.find(key);
  return value && value->scalar.is_number() ? static_cast<int>(value->scalar.get<double>()) : 0;
}

void set_count(Yaml& map, const char* key, int count) {
  map.set(key, from_json(count, map.where));
}

std::vector<Yaml*> worker_types(Yaml& root) {
  std::vector<Yaml*> workers;
  Yaml* types = root.find("available_node_types");
  const Yaml* head = root.find("head_node_type");
  if (!types || !types->is_map() || !head) return workers;
  for (Yaml::Entry& each : types->entries) {
    if (each.value.is_map() && head->scalar != each.key) workers.push_back(&each.value);
  }
  return workers;
}

bool has_own_max(const Yaml& written, const std::string& type) {
  const Yaml* types = written.find("available_node_types");
  const Yaml* there = types ? types->find(type) : nullptr;
  return there && there->find("max_workers");
}

void override_max(Yaml& root, const Yaml& written, int most) {
  set_count(root, "max_workers", most);
  Yaml* types = root.find("available_node_types");
  const Yaml* head = root.find("head_node_type");
  if (!types || !types->is_map()) return;
  for (Yaml::Entry& each : types->entries) {
    if (!each.value.is_map() || (head && head->scalar == each.key) ||
        has_own_max(written, each.key))
      continue;
    set_count(each.value, "max_workers", most);
    set_count(each.value, "min_workers", std::min(count_of(each.value, "min_workers"), most));
  }
}

void override_min(Yaml& root, int least, Findings& findings) {
  std::vector<Yaml*> workers = worker_types(root);
  long long sum = 0, room = 0;
  for (Yaml* type : workers) {
    sum += count_of(*type, "min_workers");
    room += count_of(*type, "max_workers");
  }
  if (least > std::min<long long>(room, count_of(root, "max_workers"))) {
    findings.error(root.where,
                   "--min-workers=" + std::to_string(least) + " is more than max_workers allows",
                   "raise max_workers in the file, or pass --max-workers too");
    return;
  }
  long long missing = std::max<long long>(least - sum, 0),
            surplus = std::max<long long>(sum - least, 0);
  for (Yaml* type : workers) {
    int min = count_of(*type, "min_workers");
    auto more =
        std::clamp<long long>(missing, 0, std::max(count_of(*type, "max_workers") - min, 0));
    missing -= more;
    if (more > 0) set_count(*type, "min_workers", min + static_cast<int>(more));
  }
  for (auto type = workers.rbegin(); type != workers.rend(); ++type) {
    int min = count_of(**type, "min_workers");
    auto fewer = std::clamp<long long>(surplus, 0, min);
    surplus -= fewer;
    if (fewer > 0) set_count(**type, "min_workers", min - static_cast<int>(fewer));
  }
}

}  // namespace

void apply_overrides(Yaml& root, const Yaml& written, const ParseOptions& options,
                     Findings& findings) {
  if (options.cluster_name) root.set("cluster_name", from_json(*options.cluster_name, root.where));
  for (const auto& [name, value] : {std::pair("--min-workers", options.min_workers),
                                    std::pair("--max-workers", options.max_workers)}) {
    if (value && *value < 0) {
      findings.error(root.where, std::string(name) + " is below 0", "give 0 or more");
      return;
    }
  }
  if (options.max_workers) override_max(root, written, *options.max_workers);
  if (options.min_workers) override_min(root, *options.min_workers, findings);
}

}  // namespace rayctl
