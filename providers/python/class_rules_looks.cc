#include <map>
#include <optional>

#include "providers/python/class_trial.h"

namespace rayctl::python {

void try_loading(Trial& trial) {
  trial.rule("__init__", "the class can be loaded, and made for a cluster", [&]() -> Found {
    Result<ClassFacts> facts = trial.bridge->facts(trial.with.clock.now() + Trial::kCall);
    if (!facts) return from(facts.error());
    Result<Json> nodes = trial.call("non_terminated_nodes", no_filter());
    if (!nodes && trial.last.method == "__init__") return from(nodes.error());
    trial.facts = *facts;
    trial.loaded = true;
    return std::nullopt;
  });
}

void try_without_machines(Trial& trial) {
  trial.rule("non_terminated_nodes", "a cluster that was never used has no machines",
             [&]() -> Found {
               Result<Json> nodes = trial.call("non_terminated_nodes", no_filter());
               if (!nodes) return from(nodes.error());
               trial.there = texts(*nodes);
               if (trial.there.empty()) return std::nullopt;
               return limit("it lists " + listed(trial.there) + ": they are left alone");
             });
  trial.rule("max_terminate_nodes", "it is None, or a number above 0", [&]() -> Found {
    Result<Json> most = trial.call("max_terminate_nodes");
    return most ? Found() : from(most.error());
  });
  trial.rule("safe_to_scale", "it is True while nothing is going on", [&]() -> Found {
    Result<Json> safe = trial.call("safe_to_scale");
    if (!safe) return from(safe.error());
    if (*safe == Json(true)) return std::nullopt;
    return broken("it said " + shown(*safe));
  });
  trial.rule("bootstrap_config", "it gives a whole config, and another process gets the same",
             [&]() -> Found {
               Result<Json> first = trial.ask("bootstrap", Json::object());
               if (!first) return from(first.error());
               Result<Json> again =
                   trial.with.bridge()->ask("bootstrap", trial.cluster, Json::object(),
                                            trial.with.clock.now() + Trial::kCall);
               if (!again) return from(again.error());
               // Values may be secrets.
               std::set<std::string> differ;
               for (const char* section : {"auth", "provider"}) {
                 const Json one = first->value(section, Json::object());
                 const Json two = again->value(section, Json::object());
                 for (const auto& [key, value] : one.items()) {
                   if (!two.contains(key) || two[key] != value)
                     differ.insert(std::string(section) + "." + key);
                 }
               }
               if (differ.empty()) return std::nullopt;
               return broken("it set " + listed(differ) + " to something else each time");
             });
  trial.rule("prepare_for_head_node", "it gives a whole config", [&]() -> Found {
    const Json config = {{"cluster_name", trial.cluster.text},
                         {"provider", Json::object()},
                         {"available_node_types", Json::object()}};
    Result<Json> prepared = trial.bridge->ask("prepare_head", trial.cluster, {{"config", config}},
                                              trial.with.clock.now() + Trial::kCall);
    if (!prepared) return from(prepared.error());
    const std::string name = prepared->value("config", Json::object()).value("cluster_name", "");
    return name == trial.cluster.text ? Found() : broken("it gave " + shown(*prepared));
  });
  trial.rule("fillout_available_node_types_resources", "it gives resources as numbers by name",
             [&]() -> Found {
               Result<Json> filled = trial.bridge->ask("fillout", trial.cluster, Json::object(),
                                                       trial.with.clock.now() + Trial::kCall);
               return filled ? Found() : from(filled.error());
             });
}

void try_looks(Trial& trial) {
  const std::string id = *trial.made.begin();
  trial.rule("is_running", "a machine runs after a while, and is_running says so", [&]() -> Found {
    Result<Json> runs =
        trial.await("is_running", {id}, [](const Json& value) { return value == Json(true); });
    if (!runs) return from(runs.error());
    if (*runs == Json(true)) return std::nullopt;
    return broken(id + " did not run within " + format_age(trial.with.patience));
  });
  trial.rule("is_terminated", "a machine that runs is not terminated", [&]() -> Found {
    Result<Json> gone = trial.call("is_terminated", {id});
    if (!gone) return from(gone.error());
    return *gone == Json(false) ? Found() : broken("it said " + shown(*gone) + " of " + id);
  });
  trial.rule("internal_ip", "a machine that runs has an address, and no other machine has it",
             [&]() -> Found {
               std::map<std::string, std::string> seen;
               for (const std::string& each : trial.made) {
                 Result<Json> ip = trial.await("internal_ip", {each},
                                               [](const Json& value) { return value.is_string(); });
                 if (!ip) return from(ip.error());
                 if (!ip->is_string()) return broken(each + " has none");
                 const auto [other, added] = seen.emplace(ip->get<std::string>(), each);
                 if (!added) return broken(each + " and " + other->second + " share " + shown(*ip));
               }
               return std::nullopt;
             });
  trial.rule("external_ip", "it is an address, or None where a machine has none", [&]() -> Found {
    Result<Json> ip = trial.call("external_ip", {id});
    return ip ? Found() : from(ip.error());
  });
  trial.rule("non_terminated_nodes", "it gives those machines that have all of the tags asked for",
             [&]() -> Found {
               Result<Json> ours =
                   trial.call("non_terminated_nodes",
                              Json::array({{{kTagUserNodeType, trial.with.node_type}}}));
               if (!ours) return from(ours.error());
               if (trial.fresh(*ours) != trial.made)
                 return broken("of their own type it lists " + shown(*ours));
               Result<Json> none = trial.call("non_terminated_nodes",
                                              Json::array({{{kTagUserNodeType, "no-such-type"}}}));
               if (!none) return from(none.error());
               return none->empty() ? Found() : broken("of no type it lists " + shown(*none));
             });
  trial.rule("non_terminated_nodes", "another cluster's machines are not listed", [&]() -> Found {
    const HostAnswer other =
        trial.raw("non_terminated_nodes", no_filter(), {trial.cluster.text + "-other"});
    if (other.failure) return from(trial.bridge->error(*other.failure));
    std::set<std::string> both;
    for (const std::string& each : texts(other.ok.value("value", Json::array()))) {
      if (trial.made.contains(each)) both.insert(each);
    }
    return both.empty() ? Found() : broken("a cluster of another name lists " + listed(both));
  });
  if (!trial.facts.own.contains("get_command_runner")) return;
  trial.rule(
      "get_command_runner", "a class's own command runner runs commands and gives their output",
      [&]() -> Found {
        const Time deadline = trial.with.clock.now() + Trial::kCall;
        Result<Json> own = trial.bridge->ask("runner", trial.cluster, {{"node", id}}, deadline);
        if (!own) return from(own.error());
        if (!own->value("own", false)) return std::nullopt;
        Result<Json> ran = trial.bridge->ask("run", trial.cluster,
                                             {{"node", id}, {"command", "exit 7"}}, deadline);
        if (!ran) return from(ran.error());
        return ran->value("exit", 0) == 7 ? Found() : broken("`exit 7` gave " + shown(*ran));
      });
}

}  // namespace rayctl::python
