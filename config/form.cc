#include "config/form.h"

#include "base/text.h"
#include "config/defaults.h"

namespace rayctl {
namespace {

Yaml number(int value, const Source& where) {
  return from_json(value, where);
}
Yaml empty_map(const Source& where) {
  return from_json(Json::object(), where);
}

/// The whole number under `key`, or `otherwise`. Only on trees without type errors.
int count_of(const Yaml& map, const std::string& key, int otherwise) {
  const Yaml* value = map.find(key);
  return value && value->kind == Yaml::Kind::kScalar && value->scalar.is_number()
             ? static_cast<int>(value->scalar.get<double>())
             : otherwise;
}

bool filled(const Yaml& root, const char* key) {
  const Yaml* value = root.find(key);
  return value && !value->is_null() && !(value->is_map() && value->entries.empty());
}

/// A node type made of the older form's head_node or worker_nodes.
Yaml node_type_of(const Yaml& node_config) {
  Yaml type = empty_map(node_config.where);
  Yaml config = node_config;
  const Yaml* resources = config.find("resources");
  type.set("resources",
           resources && resources->is_map() ? *resources : empty_map(node_config.where));
  config.erase("resources");
  type.set("node_config", std::move(config));
  return type;
}

/// The default node type that is (or is not) the head's.
Yaml default_type(const Yaml& defaults, bool head, const Source& where) {
  const Yaml* types = defaults.find("available_node_types");
  const Yaml* head_type = defaults.find("head_node_type");
  if (types && head_type) {
    for (const Yaml::Entry& each : types->entries) {
      if ((each.key == head_type->scalar.get<std::string>()) == head) return each.value;
    }
  }
  return empty_map(where);
}

void rewrite_older(Yaml& root, const Yaml& defaults, Findings& findings) {
  Source where = root.where;
  Yaml head = filled(root, "head_node") ? node_type_of(*root.find("head_node"))
                                        : default_type(defaults, true, where);
  Yaml worker = filled(root, "worker_nodes") ? node_type_of(*root.find("worker_nodes"))
                                             : default_type(defaults, false, where);
  head.set("min_workers", number(0, where));
  head.set("max_workers", number(0, where));
  const Yaml::Entry* least = root.entry("min_workers");
  int most = count_of(root, "max_workers", count_of(defaults, "max_workers", 2));
  int min_workers = std::min(count_of(root, "min_workers", 0), most);
  if (min_workers < count_of(root, "min_workers", 0)) {
    findings.warning(least->value.where, "`min_workers` is above `max_workers`, which wins",
                     "there are at most " + plural(static_cast<std::size_t>(most), "worker"));
  }
  worker.set("min_workers", number(min_workers, least ? least->value.where : where));
  const Yaml::Entry* top = root.entry("max_workers");
  worker.set("max_workers", number(most, top ? top->value.where : where));
  Yaml types = empty_map(where);
  types.set(kOlderHeadType, std::move(head));
  types.set(kOlderWorkerType, std::move(worker));
  root.set("available_node_types", std::move(types));
  root.set("head_node_type", from_json(kOlderHeadType, where));
}

/// Machines of one's own: Ray makes one node type, capped at the number of machines.
void rewrite_local(Yaml& root, Findings& findings) {
  const Yaml& provider = *root.find("provider");
  Source where = provider.where;
  const Yaml* types = root.find("available_node_types");
  Yaml worker =
      types && types->find(kLocalWorkerType) ? *types->find(kLocalWorkerType) : empty_map(where);
  Yaml head = empty_map(where);
  head.set("min_workers", number(0, where));
  head.set("max_workers", number(0, where));
  const Yaml* ips = provider.find("worker_ips");
  const Yaml::Entry* least = root.entry("min_workers");
  const Yaml::Entry* most = root.entry("max_workers");
  int machines = ips && ips->is_list() ? static_cast<int>(ips->items.size())
                                       : count_of(root, "max_workers", 0);
  bool coordinator = provider.find("coordinator_address") != nullptr;
  int min_workers =
      count_of(worker, "min_workers", count_of(root, "min_workers", coordinator ? 0 : machines));
  int max_workers = count_of(worker, "max_workers", count_of(root, "max_workers", machines));
  if (!coordinator && min_workers > machines) {
    if (least) {
      findings.warning(least->value.where,
                       "`min_workers` is " + std::to_string(min_workers) +
                           ", but worker_ips names " +
                           plural(static_cast<std::size_t>(machines), "machine"),
                       "all of them are used");
    }
    min_workers = machines;
  }
  if (!coordinator && max_workers != machines && most) {
    findings.warning(
        most->value.where,
        "`max_workers` is " + std::to_string(max_workers) + ", but worker_ips names " +
            plural(static_cast<std::size_t>(machines), "machine"),
        max_workers > machines ? "no more than those are used" : "the others stay unused");
  }
  if (!coordinator) max_workers = std::min(max_workers, machines);
  min_workers = std::min(min_workers, max_workers);
  worker.set("min_workers", number(min_workers, least ? least->value.where : where));
  worker.set("max_workers", number(max_workers, most ? most->value.where : where));
  root.set("max_workers", number(max_workers, most ? most->value.where : where));
  Yaml both = empty_map(where);
  both.set(kLocalHeadType, std::move(head));
  both.set(kLocalWorkerType, std::move(worker));
  root.set("available_node_types", std::move(both));
  root.set("head_node_type", from_json(kLocalHeadType, where));
}

void fill_counts(Yaml& root) {
  Yaml* types = root.find("available_node_types");
  const Yaml* head = root.find("head_node_type");
  if (!types || !types->is_map()) return;
  for (Yaml::Entry& each : types->entries) {
    if (!each.value.is_map()) continue;
    bool is_head = head && head->is_string() && head->scalar == each.key;
    int most = is_head ? 0 : count_of(root, "max_workers", 2);
    if (!each.value.find("min_workers")) each.value.set("min_workers", number(0, each.where));
    if (!each.value.find("max_workers")) each.value.set("max_workers", number(most, each.where));
  }
}

}  // namespace

Form to_newer_form(Yaml& root, const std::string& provider, Findings& findings) {
  Form form;
  form.has_start_commands =
      root.find("head_start_ray_commands") || root.find("worker_start_ray_commands");
  const Yaml& defaults = provider_defaults(provider);
  bool newer = root.find("available_node_types") != nullptr;
  for (const char* key : {"head_node", "worker_nodes", "min_workers", "initial_workers",
                          "autoscaling_mode", "target_utilization_fraction"}) {
    bool shared = provider == "local" && key == std::string("min_workers");
    if (!newer && !shared && root.find(key)) form.older = true;
  }
  if (provider == "local") {
    rewrite_local(root, findings);
  } else if (form.older) {
    rewrite_older(root, defaults, findings);
  }
  for (const Yaml::Entry& each : defaults.entries) {
    if (!root.find(each.key)) root.entries.push_back(each);
  }
  fill_counts(root);
  return form;
}

}  // namespace rayctl
