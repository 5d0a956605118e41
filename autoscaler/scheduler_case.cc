#include "autoscaler/scheduler_case.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/python_json.h"

namespace rayctl {
namespace {

using Tree = nlohmann::ordered_json;

constexpr int kNoLimit = 1 << 30;
/// Any moment will do.
constexpr Time kNow{Millis{1'700'000'000'000}};

const char* cause_name(Cause cause) {
  switch (cause) {
    case Cause::kIdle:
      return "IDLE";
    case Cause::kTypeMax:
      return "MAX_NUM_NODE_PER_TYPE";
    case Cause::kClusterMax:
      return "MAX_NUM_NODES";
    default:
      return "OUTDATED";
  }
}

FleetNode::Stage stage_of(const std::string& status) {
  if (status == "QUEUED" || status == "REQUESTED") return FleetNode::Stage::kAsked;
  if (status == "ALLOCATED" || status == "RAY_INSTALLING") return FleetNode::Stage::kStarting;
  if (status == "RAY_RUNNING") return FleetNode::Stage::kRunning;
  return FleetNode::Stage::kLeaving;
}

/// What is under a key; null if it is not there.
const Tree& part(const Tree& tree, const char* key) {
  static const Tree kNothing;
  const auto found = tree.find(key);
  return found == tree.end() ? kNothing : *found;
}

std::vector<LabelSelector> read_selectors(const Tree& tree) {
  std::vector<LabelSelector> selectors;
  for (const Tree& each : tree) {
    LabelSelector& selector = selectors.emplace_back();
    for (const Tree& rule : each) {
      selector.push_back({rule.at(0), rule.at(1).get<std::string>() == "in",
                          rule.at(2).get<std::vector<std::string>>()});
    }
  }
  return selectors;
}

std::vector<Demand> read_demands(const Tree& tree) {
  std::vector<Demand> demands;
  for (const Tree& each : tree) {
    demands.push_back(
        {{each.at("bundle").get<Resources>(), read_selectors(part(each, "label_selectors"))},
         each.at("count").get<std::int64_t>()});
  }
  return demands;
}

GangStrategy strategy_of(const std::string& name) {
  if (name == "SPREAD") return GangStrategy::kSpread;
  if (name == "STRICT_PACK") return GangStrategy::kStrictPack;
  if (name == "STRICT_SPREAD") return GangStrategy::kStrictSpread;
  return GangStrategy::kPack;
}

Gang read_gang(const Tree& tree, std::size_t number) {
  Gang gang{.id = std::to_string(number), .strategy = strategy_of(tree.at("strategy"))};
  const Tree& selectors = part(tree, "bundle_label_selectors");
  const Tree& bundles = tree.at("bundles");
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    gang.bundles.push_back({bundles[i].get<Resources>(), selectors.is_null()
                                                             ? std::vector<LabelSelector>{}
                                                             : read_selectors(selectors.at(i))});
  }
  return gang;
}

NodeTypeConfig read_type(const std::string& name, const Tree& tree) {
  NodeTypeConfig type{.name = {name}};
  type.resources = tree.at("resources").get<Resources>();
  type.min_workers = tree.value("min_workers", 0);
  type.max_workers = tree.value("max_workers", 0);
  type.priority = tree.value("priority", 0);
  if (!part(tree, "labels").is_null()) {
    type.labels = tree.at("labels").get<std::map<std::string, std::string>>();
  }
  if (!part(tree, "idle_timeout_s").is_null()) type.idle_timeout_s = tree.at("idle_timeout_s");
  return type;
}

FleetNode read_node(const Tree& tree, const Config& config, const Tree& types) {
  FleetNode node{.name = {tree.at("id")}, .type = {tree.at("type")}, .id = {tree.at("id")}};
  node.head = tree.value("kind", "worker") == "head";
  node.stage = stage_of(tree.at("status"));
  node.idle_for = Millis{tree.value("idle_ms", std::int64_t{0})};
  node.idle = node.idle_for > Millis{0};
  const NodeTypeConfig* type = config.find(node.type);
  if (node.stage == FleetNode::Stage::kRunning) {
    const Tree& total = part(tree, "total");
    if (!total.empty()) {
      node.total = total.get<Resources>();
    } else if (type != nullptr) {
      node.total = type->resources;
    }
    const Tree& available = part(tree, "available");
    node.available = available.is_null() ? node.total : available.get<Resources>();
    const Tree& labels = part(tree, "labels");
    if (!labels.is_null()) {
      node.labels = labels.get<std::map<std::string, std::string>>();
    } else if (type != nullptr) {
      node.labels = type->labels;
    }
  }
  if (type != nullptr) {
    const std::string wanted = types.at(node.type.text).value("launch_config_hash", "");
    node.outdated = !wanted.empty() && wanted != tree.value("launch_config_hash", "");
  }
  return node;
}

SchedulerCase read_case(const Tree& tree) {
  SchedulerCase one{.id = tree.at("id"), .now = kNow};
  Config& config = one.config;
  config.head_type = {tree.at("head_type")};
  const Tree& types = tree.at("node_types");
  for (const auto& [name, type] : types.items())
    config.node_types.push_back(read_type(name, type));
  const Tree& most = part(tree, "max_workers");
  config.max_workers = most.is_null() ? kNoLimit : most.get<int>();
  const Tree& timeout = part(tree, "idle_timeout_s");
  config.idle_timeout_minutes =
      timeout.is_null() ? std::numeric_limits<double>::infinity() : timeout.get<double>() / 60;
  for (const Tree& node : tree.at("nodes")) {
    const FleetNode& added = one.fleet.nodes.emplace_back(read_node(node, config, types));
    if (added.idle) one.memory.idle_since[added.name] = kNow - added.idle_for;
  }
  one.memory.last_tick = kNow;
  one.load.demands = read_demands(part(tree, "demands"));
  one.load.asked = read_demands(part(tree, "constraints"));
  for (const Tree& gang : part(tree, "gangs"))
    one.load.gangs.push_back(read_gang(gang, one.load.gangs.size()));
  const Tree& recovering = part(tree, "recoverable_availability");
  for (const auto& [type, score] : recovering.items())
    one.brakes.pace[{type}].availability = score.get<double>();
  one.options.replace_outdated = !tree.value("disable_launch_config_check", true);
  return one;
}

Json selectors_json(const std::vector<LabelSelector>& selectors) {
  Json list = Json::array();
  for (const LabelSelector& selector : selectors) {
    Json rules = Json::array();
    for (const LabelRule& rule : selector)
      rules.push_back({rule.key, rule.in ? 1 : 2, rule.values});
    list.push_back(std::move(rules));
  }
  if (list.empty()) list.push_back(Json::array());  // as Ray sends it
  return list;
}

Json demand_json(const Unmet& unmet) {
  Json request = Json::array({unmet.request.bundle, selectors_json(unmet.request.selectors)});
  return Json::array({std::move(request), unmet.count});
}

Json cluster_resources(const SchedulerCase& one, const Decision& decision) {
  Resources sum;
  const auto add = [&](const Resources& resources, int times) {
    for (const auto& [name, value] : resources)
      sum[name] += value * times;
  };
  for (const FleetNode& node : one.fleet.nodes) {
    const bool counts = node.stage != FleetNode::Stage::kLeaving;
    if (!counts || decision.scale.release.contains(node.name)) continue;
    const NodeTypeConfig* type = one.config.find(node.type);
    const bool running = node.stage == FleetNode::Stage::kRunning;
    if (running || type != nullptr) add(running ? node.total : type->resources, 1);
  }
  for (const auto& [name, count] : decision.launch)
    add(one.config.find(name)->resources, count);
  constexpr double kDigits = 1e6;
  for (auto& [name, value] : sum)
    value = std::round(value * kDigits) / kDigits;
  return sum;
}

}  // namespace

Result<SchedulerCase> read_scheduler_case(const std::string& line) {
  try {
    const Tree tree = Tree::parse(line);
    return read_case(tree.contains("case") ? tree.at("case") : tree);
  } catch (const Tree::exception& wrong) {
    return permanent(ErrorCode::kUsage, std::string("not a scheduler case: ") + wrong.what());
  }
}

Decision decide(const SchedulerCase& one) {
  return arrange(one.load, one.config, one.fleet, one.memory, one.brakes, one.now, one.options);
}

Json scheduler_answer(const SchedulerCase& one, const Decision& decision) {
  Json launch = Json::object();
  for (const auto& [type, count] : decision.launch)
    launch[type.text] = count;
  Json terminate = Json::array();
  for (const Release& each : decision.release)
    terminate.push_back({each.node.text, cause_name(each.cause)});
  Json infeasible = Json::array(), impossible = Json::array(), gangs = Json::array();
  bool constraint = false;
  for (const Unmet& unmet : decision.unmet) {
    if (unmet.kind == Unmet::Kind::kAsked) constraint = true;
    if (unmet.kind == Unmet::Kind::kGang) gangs.push_back(std::stoi(unmet.gang.id));
    if (unmet.kind != Unmet::Kind::kDemand) continue;
    infeasible.push_back(demand_json(unmet));
    if (unmet.impossible) impossible.push_back(demand_json(unmet));
  }
  for (Json* list : {&infeasible, &impossible}) {
    std::sort(list->begin(), list->end(), [](const Json& first, const Json& second) {
      return python_json(first.at(0)) < python_json(second.at(0));
    });
  }
  std::sort(gangs.begin(), gangs.end());
  return {{"id", one.id},
          {"launch", std::move(launch)},
          {"terminate", std::move(terminate)},
          {"infeasible", std::move(infeasible)},
          {"impossible", std::move(impossible)},
          {"infeasible_gangs", std::move(gangs)},
          {"infeasible_constraint", constraint},
          {"cluster_resources", cluster_resources(one, decision)}};
}

}  // namespace rayctl
