#include "providers/python/class_rules.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/text.h"
#include "model/tags.h"

namespace rayctl::python {
namespace {

constexpr Millis kCall{30'000}, kPause{200};
constexpr char kProbeTag[] = "rayctl-probe";

/// What a rule found wrong; nullopt: nothing.
struct Finding {
  Verdict verdict = Verdict::kBroken;
  std::string found;
  std::vector<std::string> lines{};
};
using Found = std::optional<Finding>;

Finding broken(std::string found) {
  return {.verdict = Verdict::kBroken, .found = std::move(found)};
}
Finding limit(std::string found) {
  return {.verdict = Verdict::kLimit, .found = std::move(found)};
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

class Trial {
 public:
  explicit Trial(const RuleSettings& settings)
      : with_(settings), bridge_(settings.bridge()), cluster_(settings.cluster) {}

  std::vector<RuleOutcome> run() {
    load();
    if (loaded_) {
      before_machines();
      making();
      if (!made_.empty()) {
        looking();
        tagging();
        lasting();
        many_at_once();
      }
      ending();
    }
    return std::move(outcomes_);
  }

 private:
  // One call of the class; what it raises is a finding.
  HostAnswer raw(const std::string& method, Json args, const ClusterName& cluster,
                 Millis limit = kCall) {
    return bridge_->call("call", cluster, {{"method", method}, {"args", std::move(args)}},
                         with_.clock.now() + limit);
  }
  Result<Json> call(const std::string& method, Json args = Json::array()) {
    const HostAnswer answer = raw(method, std::move(args), cluster_);
    if (answer) return answer.ok.value("value", Json());
    last_ = *answer.failure;
    return bridge_->error(*answer.failure);
  }
  static Finding from(const Error& error) {
    return {.verdict = Verdict::kBroken, .found = error.message, .lines = error.context};
  }

  void rule(const std::string& method, const std::string& text,
            const std::function<Found()>& check) {
    RuleOutcome outcome{.method = method, .rule = text, .found = "", .lines = {}};
    if (Found found = check()) {
      outcome.verdict = found->verdict;
      outcome.found = std::move(found->found);
      outcome.lines = std::move(found->lines);
    }
    if (with_.tell) with_.tell(outcome);
    outcomes_.push_back(std::move(outcome));
  }

  /// Asks until `enough` is true of the answer, or patience ends; the last answer.
  Result<Json> await(const std::string& method, const Json& args,
                     const std::function<bool(const Json&)>& enough) {
    const Time end = with_.clock.now() + with_.patience;
    for (;;) {
      Result<Json> value = call(method, args);
      if (!value || enough(*value) || with_.clock.now() >= end) return value;
      with_.clock.sleep(kPause, {});
    }
  }

  Json no_filter() const { return Json::array({Json::object()}); }

  Tags tags_of(const std::string& name) const {
    return {{kTagClusterName, cluster_.text},       {kTagNodeKind, "worker"},
            {kTagUserNodeType, with_.node_type},    {kTagNodeName, name},
            {kTagNodeStatus, kStatusUninitialized}, {kTagOp, "token-of-" + name}};
  }

  void load() {
    rule("__init__", "the class can be loaded, and made for a cluster", [&]() -> Found {
      Result<ClassFacts> facts = bridge_->facts(with_.clock.now() + kCall);
      if (!facts) return from(facts.error());
      Result<Json> nodes = call("non_terminated_nodes", no_filter());
      if (!nodes && last_.method == "__init__") return from(nodes.error());
      facts_ = *facts;
      loaded_ = true;
      return std::nullopt;
    });
  }

  void before_machines() {
    rule("non_terminated_nodes", "a cluster that was never used has no machines", [&]() -> Found {
      Result<Json> nodes = call("non_terminated_nodes", no_filter());
      if (!nodes) return from(nodes.error());
      there_ = texts(*nodes);
      if (there_.empty()) return std::nullopt;
      return limit("it lists " + listed(there_) + ": they are left alone");
    });
    rule("max_terminate_nodes", "it is None, or a number above 0", [&]() -> Found {
      Result<Json> most = call("max_terminate_nodes");
      return most ? Found() : from(most.error());
    });
    rule("safe_to_scale", "it is True while nothing is going on", [&]() -> Found {
      Result<Json> safe = call("safe_to_scale");
      if (!safe) return from(safe.error());
      if (*safe == Json(true)) return std::nullopt;
      return broken("it said " + shown(*safe));
    });
    rule("bootstrap_config", "it gives a whole config, and the same one when it is called again",
         [&]() -> Found {
           std::optional<HostFailure> failure =
               bridge_->bootstrap(cluster_, with_.clock.now() + kCall);
           if (failure) return from(bridge_->error(*failure));
           Result<Json> again =
               bridge_->ask("bootstrap", cluster_, Json::object(), with_.clock.now() + kCall);
           return again ? Found() : from(again.error());
         });
    rule("prepare_for_head_node", "it gives a whole config", [&]() -> Found {
      const Json config = {{"cluster_name", cluster_.text},
                           {"provider", Json::object()},
                           {"available_node_types", Json::object()}};
      Result<Json> prepared =
          bridge_->ask("prepare_head", cluster_, {{"config", config}}, with_.clock.now() + kCall);
      if (!prepared) return from(prepared.error());
      const std::string name = prepared->value("config", Json::object()).value("cluster_name", "");
      return name == cluster_.text ? Found() : broken("it gave " + shown(*prepared));
    });
    rule("fillout_available_node_types_resources", "it gives resources as numbers by name",
         [&]() -> Found {
           Result<Json> filled =
               bridge_->ask("fillout", cluster_, Json::object(), with_.clock.now() + kCall);
           return filled ? Found() : from(filled.error());
         });
  }

  std::set<std::string> fresh(const Json& nodes) const {
    std::set<std::string> ids = texts(nodes);
    for (const std::string& id : there_)
      ids.erase(id);
    return ids;
  }

  HostAnswer create(const std::string& name, int count, Millis limit = kCall) {
    return bridge_->call("create", cluster_,
                         {{"node_type", with_.node_type},
                          {"node_config", with_.node_config},
                          {"tags", tags_of(name)},
                          {"count", count},
                          {"resources", with_.resources},
                          {"labels", Json::object()}},
                         with_.clock.now() + limit);
  }

  void making() {
    rule("create_node", "it makes as many machines as it is asked for, and lists them soon after",
         [&]() -> Found {
           const HostAnswer answer = create("one", 2);
           const auto two = [&](const Json& nodes) { return fresh(nodes).size() >= 2; };
           Result<Json> nodes = answer ? await("non_terminated_nodes", no_filter(), two)
                                       : call("non_terminated_nodes", no_filter());
           if (nodes) made_ = fresh(*nodes);
           if (answer.failure) return from(bridge_->error(*answer.failure));
           if (!nodes) return from(nodes.error());
           if (answer.ok.value("nodes", Json()).is_array()) named_ = texts(answer.ok["nodes"]);
           if (made_.size() == 2) return std::nullopt;
           if (made_.size() == 1) return limit("asked for 2, it makes 1 at a time");
           return broken("asked for 2, it lists " + listed(made_));
         });
    if (!named_) return;
    rule("create_node", "the ids that it returns are those of the machines that it made",
         [&]() -> Found {
           if (*named_ == made_) return std::nullopt;
           return broken("it returned " + listed(*named_) + ", and lists " + listed(made_));
         });
  }

  void looking() {
    const std::string id = *made_.begin();
    rule("is_running", "a machine runs after a while, and is_running says so", [&]() -> Found {
      Result<Json> runs =
          await("is_running", {id}, [](const Json& value) { return value == Json(true); });
      if (!runs) return from(runs.error());
      if (*runs == Json(true)) return std::nullopt;
      return broken(id + " did not run within " + format_age(with_.patience));
    });
    rule("is_terminated", "a machine that runs is not terminated", [&]() -> Found {
      Result<Json> gone = call("is_terminated", {id});
      if (!gone) return from(gone.error());
      return *gone == Json(false) ? Found() : broken("it said " + shown(*gone) + " of " + id);
    });
    rule("internal_ip", "a machine that runs has an address, and no other machine has it",
         [&]() -> Found {
           std::map<std::string, std::string> seen;
           for (const std::string& each : made_) {
             Result<Json> ip =
                 await("internal_ip", {each}, [](const Json& value) { return value.is_string(); });
             if (!ip) return from(ip.error());
             if (!ip->is_string()) return broken(each + " has none");
             const auto [other, added] = seen.emplace(ip->get<std::string>(), each);
             if (!added) return broken(each + " and " + other->second + " share " + shown(*ip));
           }
           return std::nullopt;
         });
    rule("external_ip", "it is an address, or None where a machine has none", [&]() -> Found {
      Result<Json> ip = call("external_ip", {id});
      return ip ? Found() : from(ip.error());
    });
    rule("non_terminated_nodes", "it gives those machines that have all of the tags asked for",
         [&]() -> Found {
           Result<Json> ours =
               call("non_terminated_nodes", Json::array({{{kTagUserNodeType, with_.node_type}}}));
           if (!ours) return from(ours.error());
           if (fresh(*ours) != made_) return broken("of their own type it lists " + shown(*ours));
           Result<Json> none =
               call("non_terminated_nodes", Json::array({{{kTagUserNodeType, "no-such-type"}}}));
           if (!none) return from(none.error());
           return none->empty() ? Found() : broken("of no type it lists " + shown(*none));
         });
    rule("non_terminated_nodes", "another cluster's machines are not listed", [&]() -> Found {
      const HostAnswer other = raw("non_terminated_nodes", no_filter(), {cluster_.text + "-other"});
      if (other.failure) return from(bridge_->error(*other.failure));
      std::set<std::string> both;
      for (const std::string& each : texts(other.ok.value("value", Json::array()))) {
        if (made_.contains(each)) both.insert(each);
      }
      return both.empty() ? Found() : broken("a cluster of another name lists " + listed(both));
    });
    if (!facts_.own.contains("get_command_runner")) return;
    rule("get_command_runner", "a class's own command runner runs commands and gives their output",
         [&]() -> Found {
           const Time deadline = with_.clock.now() + kCall;
           Result<Json> own = bridge_->ask("runner", cluster_, {{"node", id}}, deadline);
           if (!own) return from(own.error());
           if (!own->value("own", false)) return std::nullopt;
           Result<Json> ran =
               bridge_->ask("run", cluster_, {{"node", id}, {"command", "exit 7"}}, deadline);
           if (!ran) return from(ran.error());
           return ran->value("exit", 0) == 7 ? Found() : broken("`exit 7` gave " + shown(*ran));
         });
  }

  /// Those of `wanted` that the machine does not show.
  Result<Tags> lost(const std::string& id, const Tags& wanted) {
    Result<Json> shows = call("node_tags", {id});
    if (!shows) return shows.error();
    Tags missing;
    for (const auto& [key, value] : wanted) {
      if (shows->value(key, "") != value) missing[key] = value;
    }
    return missing;
  }

  Found keeps(const std::string& id, const Tags& wanted, const char* consequence) {
    Result<Tags> missing = lost(id, wanted);
    if (!missing) return from(missing.error());
    if (missing->empty()) return std::nullopt;
    std::vector<std::string> keys;
    for (const auto& [key, value] : *missing)
      keys.push_back(key);
    return limit("without " + join(keys, ", ") + consequence);
  }

  void tagging() {
    const std::string id = *made_.begin();
    rule("node_tags", "a machine has the tags that it was made with", [&] {
      return keeps(id, tags_of("one"),
                   ": a machine whose launch was cut off is found by what is new in the list");
    });
    rule("set_node_tags", "it adds tags, and the others stay", [&]() -> Found {
      Result<Json> set = call("set_node_tags", {id, {{kProbeTag, "set"}}});
      if (!set && last_.kind == "unsupported") {
        return limit("it does not do that: the cluster's state holds the tags");
      }
      if (!set) return from(set.error());
      Tags all = tags_of("one");
      all[kProbeTag] = "set";
      return keeps(id, all, ": the cluster's state holds them");
    });
  }

  void lasting() {
    bridge_ = with_.bridge();
    const std::string id = *made_.begin();
    bool there = false;
    rule("non_terminated_nodes", "another process sees the same machines", [&]() -> Found {
      Result<Json> nodes = call("non_terminated_nodes", no_filter());
      if (!nodes) return from(nodes.error());
      there = fresh(*nodes) == made_;
      if (there) return std::nullopt;
      lasts_ = false;
      return limit("it lists " + listed(fresh(*nodes)) + " in place of " + listed(made_) +
                   ": its machines, or what it knows of them, end with its process, so no "
                   "command of rayctl can find those of the one before");
    });
    if (!there) return;
    rule("node_tags", "another process sees the same tags",
         [&] { return keeps(id, tags_of("one"), ": the cluster's state holds them"); });
  }

  void many_at_once() {
    if (!lasts_) return;
    rule("create_node", "it can be called from several threads at once", [&]() -> Found {
      // The one that hung says more than those that ended with it.
      std::vector<Found> found(4);
      Found hung;
      std::mutex mutex;
      std::vector<std::thread> threads;
      for (std::size_t at = 0; at < found.size(); ++at) {
        threads.emplace_back([&, at] {
          const HostAnswer answer =
              at < 2 ? create("many-" + std::to_string(at), 1, with_.patience)
                     : raw("non_terminated_nodes", no_filter(), cluster_, with_.patience);
          if (!answer.failure) return;
          found[at] = from(bridge_->error(*answer.failure));
          const std::lock_guard guard(mutex);
          if (answer.failure->kind == "deadline") hung = found[at];
        });
      }
      for (std::thread& thread : threads)
        thread.join();
      const std::size_t before = made_.size();
      const auto all = [&](const Json& nodes) { return fresh(nodes).size() >= before + 2; };
      Result<Json> nodes = await("non_terminated_nodes", no_filter(), all);
      if (nodes) made_ = fresh(*nodes);
      if (hung) return hung;
      for (Found& each : found) {
        if (each) return std::move(each);
      }
      if (!nodes) return from(nodes.error());
      if (made_.size() == before + 2) return std::nullopt;
      if (made_.size() == before) return limit("it has no more machines to give");
      return broken("of 2 machines made at once " + std::to_string(made_.size() - before) +
                    " are listed");
    });
  }

  void ending() {
    if (!lasts_) {
      rule("terminate_node", "the machine is no longer listed, and the others are", [&]() -> Found {
        return Finding{.verdict = Verdict::kUnseen, .found = "its machines are gone already"};
      });
      return;
    }
    if (!made_.empty()) {
      const std::string id = *made_.begin();
      rule("terminate_node", "the machine is no longer listed, and the others are", [&]() -> Found {
        Result<Json> ended = call("terminate_node", {id});
        if (!ended) return from(ended.error());
        Result<Json> posted = call("post_process");
        if (!posted) return from(posted.error());
        const auto gone = [&](const Json& nodes) { return !texts(nodes).contains(id); };
        Result<Json> nodes = await("non_terminated_nodes", no_filter(), gone);
        if (!nodes) return from(nodes.error());
        if (!gone(*nodes)) return broken(id + " is still listed");
        std::set<std::string> left = made_;
        left.erase(id);
        return fresh(*nodes) == left ? Found() : broken("it lists " + listed(fresh(*nodes)));
      });
      rule("terminate_node", "ending a machine that is gone is no failure", [&]() -> Found {
        Result<Json> again =
            bridge_->ask("terminate", cluster_, {{"node", id}}, with_.clock.now() + kCall);
        return again ? Found() : from(again.error());
      });
    }
    rule("terminate_nodes", "all that was made goes", [&]() -> Found {
      Result<Json> nodes = call("non_terminated_nodes", no_filter());
      if (!nodes) return from(nodes.error());
      for (const std::string& each : fresh(*nodes)) {
        Result<Json> ended =
            bridge_->ask("terminate", cluster_, {{"node", each}}, with_.clock.now() + kCall);
        if (!ended) return from(ended.error());
      }
      nodes = await("non_terminated_nodes", no_filter(),
                    [&](const Json& value) { return fresh(value).empty(); });
      if (!nodes) return from(nodes.error());
      const std::set<std::string> left = fresh(*nodes);
      return left.empty() ? Found() : broken("still listed: " + listed(left));
    });
  }

  const RuleSettings& with_;
  std::shared_ptr<Bridge> bridge_;
  const ClusterName cluster_;
  ClassFacts facts_;
  HostFailure last_;
  bool loaded_ = false, lasts_ = true;
  std::set<std::string> there_, made_;  ///< before the trial, and by it
  std::optional<std::set<std::string>> named_;
  std::vector<RuleOutcome> outcomes_;
};

}  // namespace

std::vector<RuleOutcome> try_rules(const RuleSettings& settings) {
  return Trial(settings).run();
}

}  // namespace rayctl::python
