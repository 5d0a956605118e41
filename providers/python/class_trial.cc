#include "providers/python/class_trial.h"

#include <utility>

#include "base/text.h"

namespace rayctl::python {
namespace {

constexpr Millis kPause{200};

/// Those of `wanted` that the machine does not show.
Result<Tags> lost(Trial& trial, const std::string& id, const Tags& wanted) {
  Result<Json> shows = trial.call("node_tags", {id});
  if (!shows) return shows.error();
  Tags missing;
  for (const auto& [key, value] : wanted) {
    if (shows->value(key, "") != value) missing[key] = value;
  }
  return missing;
}

}  // namespace

Finding broken(std::string found) {
  return {.verdict = Verdict::kBroken, .found = std::move(found)};
}

Finding limit(std::string found) {
  return {.verdict = Verdict::kLimit, .found = std::move(found)};
}

Finding from(const Error& error) {
  return {.verdict = Verdict::kBroken, .found = error.message, .lines = error.context};
}

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() > 200 ? text.substr(0, 200) + "..." : text;
}

std::set<std::string> texts(const Json& list) {
  std::set<std::string> all;
  for (const Json& each : list) {
    if (each.is_string()) all.insert(each.get<std::string>());
  }
  return all;
}

std::string listed(const std::set<std::string>& ids) {
  return ids.empty() ? "none" : join({ids.begin(), ids.end()}, ", ");
}

Json no_filter() {
  return Json::array({Json::object()});
}

Trial::Trial(const RuleSettings& settings)
    : with(settings), bridge(settings.bridge()), cluster(settings.cluster) {}

void Trial::rule(const std::string& method, const std::string& text,
                 const std::function<Found()>& check) {
  RuleOutcome outcome{.method = method, .rule = text, .found = "", .lines = {}};
  if (Found found = check()) {
    outcome.verdict = found->verdict;
    outcome.found = std::move(found->found);
    outcome.lines = std::move(found->lines);
  }
  if (with.tell) with.tell(outcome);
  outcomes.push_back(std::move(outcome));
}

HostAnswer Trial::raw(const std::string& method, Json args, const ClusterName& of, Millis limit) {
  return bridge->call("call", of, {{"method", method}, {"args", std::move(args)}},
                      with.clock.now() + limit);
}

Result<Json> Trial::call(const std::string& method, Json args) {
  const HostAnswer answer = raw(method, std::move(args), cluster);
  if (answer) return answer.ok.value("value", Json());
  last = *answer.failure;
  return bridge->error(*answer.failure);
}

Result<Json> Trial::ask(const std::string& op, Json args) {
  return bridge->ask(op, cluster, std::move(args), with.clock.now() + kCall);
}

Result<Json> Trial::await(const std::string& method, const Json& args,
                          const std::function<bool(const Json&)>& enough) {
  const Time end = with.clock.now() + with.patience;
  for (;;) {
    Result<Json> value = call(method, args);
    if (!value || enough(*value) || with.clock.now() >= end) return value;
    with.clock.sleep(kPause, {});
  }
}

HostAnswer Trial::create(const std::string& name, int count, Millis limit) {
  return bridge->call("create", cluster,
                      {{"node_type", with.node_type},
                       {"node_config", with.node_config},
                       {"tags", tags_of(name)},
                       {"count", count},
                       {"resources", with.resources},
                       {"labels", Json::object()}},
                      with.clock.now() + limit);
}

Tags Trial::tags_of(const std::string& name) const {
  return {{kTagClusterName, cluster.text},        {kTagNodeKind, "worker"},
          {kTagUserNodeType, with.node_type},     {kTagNodeName, name},
          {kTagNodeStatus, kStatusUninitialized}, {kTagOp, "token-of-" + name}};
}

std::set<std::string> Trial::fresh(const Json& nodes) const {
  std::set<std::string> ids = texts(nodes);
  for (const std::string& id : there)
    ids.erase(id);
  return ids;
}

Found Trial::keeps(const std::string& id, const Tags& wanted, const char* consequence) {
  Result<Tags> missing = lost(*this, id, wanted);
  if (!missing) return from(missing.error());
  if (missing->empty()) return std::nullopt;
  std::vector<std::string> keys;
  for (const auto& [key, value] : *missing)
    keys.push_back(key);
  return limit("without " + join(keys, ", ") + consequence);
}

std::vector<RuleOutcome> try_rules(const RuleSettings& settings) {
  Trial trial(settings);
  try_loading(trial);
  if (!trial.loaded) return std::move(trial.outcomes);
  try_without_machines(trial);
  try_launches(trial);
  if (!trial.made.empty()) {
    try_looks(trial);
    try_tags(trial);
    try_another_process(trial);
    try_threads(trial);
  }
  try_ends(trial);
  return std::move(trial.outcomes);
}

}  // namespace rayctl::python
