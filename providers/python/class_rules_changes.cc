#include <mutex>
#include <thread>
#include <utility>

#include "providers/python/class_trial.h"

namespace rayctl::python {
namespace {

constexpr char kProbeTag[] = "rayctl-probe";

}  // namespace

void try_launches(Trial& trial) {
  trial.rule("create_node",
             "it makes as many machines as it is asked for, and lists them soon after",
             [&]() -> Found {
               const HostAnswer answer = trial.create("one", 2);
               const auto two = [&](const Json& nodes) { return trial.fresh(nodes).size() >= 2; };
               Result<Json> nodes = answer ? trial.await("non_terminated_nodes", no_filter(), two)
                                           : trial.call("non_terminated_nodes", no_filter());
               if (nodes) trial.made = trial.fresh(*nodes);
               if (answer.failure) return from(trial.bridge->error(*answer.failure));
               if (!nodes) return from(nodes.error());
               if (answer.ok.value("nodes", Json()).is_array())
                 trial.named = texts(answer.ok["nodes"]);
               if (trial.made.size() == 2) return std::nullopt;
               if (trial.made.size() == 1) return limit("asked for 2, it makes 1 at a time");
               return broken("asked for 2, it lists " + listed(trial.made));
             });
  if (!trial.named) return;
  trial.rule(
      "create_node", "the ids that it returns are those of the machines that it made",
      [&]() -> Found {
        if (*trial.named == trial.made) return std::nullopt;
        return broken("it returned " + listed(*trial.named) + ", and lists " + listed(trial.made));
      });
}

void try_tags(Trial& trial) {
  const std::string id = *trial.made.begin();
  trial.rule("node_tags", "a machine has the tags that it was made with", [&] {
    return trial.keeps(id, trial.tags_of("one"),
                       ": a machine whose launch was cut off is found by what is new in the list");
  });
  trial.rule("set_node_tags", "it adds tags, and the others stay", [&]() -> Found {
    Result<Json> set = trial.call("set_node_tags", {id, {{kProbeTag, "set"}}});
    if (!set && trial.last.kind == "unsupported") {
      return limit("it does not do that: the cluster's state holds the tags");
    }
    if (!set) return from(set.error());
    Tags all = trial.tags_of("one");
    all[kProbeTag] = "set";
    return trial.keeps(id, all, ": the cluster's state holds them");
  });
}

void try_another_process(Trial& trial) {
  trial.bridge = trial.with.bridge();
  const std::string id = *trial.made.begin();
  bool there = false;
  trial.rule("non_terminated_nodes", "another process sees the same machines", [&]() -> Found {
    Result<Json> nodes = trial.call("non_terminated_nodes", no_filter());
    if (!nodes) return from(nodes.error());
    there = trial.fresh(*nodes) == trial.made;
    if (there) return std::nullopt;
    trial.lasts = false;
    return limit("it lists " + listed(trial.fresh(*nodes)) + " in place of " + listed(trial.made) +
                 ": its machines, or what it knows of them, end with its process, so no "
                 "command of rayctl can find those of the one before");
  });
  if (!there) return;
  trial.rule("node_tags", "another process sees the same tags", [&] {
    return trial.keeps(id, trial.tags_of("one"), ": the cluster's state holds them");
  });
}

void try_threads(Trial& trial) {
  if (!trial.lasts) return;
  trial.rule("create_node", "it can be called from several threads at once", [&]() -> Found {
    // The one that hung says more than those that ended with it.
    std::vector<Found> found(4);
    Found hung;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (std::size_t at = 0; at < found.size(); ++at) {
      threads.emplace_back([&, at] {
        const HostAnswer answer =
            at < 2 ? trial.create("many-" + std::to_string(at), 1, trial.with.patience)
                   : trial.raw("non_terminated_nodes", no_filter(), trial.cluster,
                               trial.with.patience);
        if (!answer.failure) return;
        found[at] = from(trial.bridge->error(*answer.failure));
        const std::lock_guard guard(mutex);
        if (answer.failure->kind == "deadline") hung = found[at];
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    const std::size_t before = trial.made.size();
    const auto all = [&](const Json& nodes) { return trial.fresh(nodes).size() >= before + 2; };
    Result<Json> nodes = trial.await("non_terminated_nodes", no_filter(), all);
    if (nodes) trial.made = trial.fresh(*nodes);
    if (hung) return hung;
    for (Found& each : found) {
      if (each) return std::move(each);
    }
    if (!nodes) return from(nodes.error());
    if (trial.made.size() == before + 2) return std::nullopt;
    if (trial.made.size() == before) return limit("it has no more machines to give");
    return broken("of 2 machines made at once " + std::to_string(trial.made.size() - before) +
                  " are listed");
  });
}

void try_ends(Trial& trial) {
  if (!trial.lasts) {
    trial.rule(
        "terminate_node", "the machine is no longer listed, and the others are", [&]() -> Found {
          return Finding{.verdict = Verdict::kUnseen, .found = "its machines are gone already"};
        });
    return;
  }
  if (!trial.made.empty()) {
    const std::string id = *trial.made.begin();
    trial.rule(
        "terminate_node", "the machine is no longer listed, and the others are", [&]() -> Found {
          Result<Json> ended = trial.call("terminate_node", {id});
          if (!ended) return from(ended.error());
          Result<Json> posted = trial.call("post_process");
          if (!posted) return from(posted.error());
          const auto gone = [&](const Json& nodes) { return !texts(nodes).contains(id); };
          Result<Json> nodes = trial.await("non_terminated_nodes", no_filter(), gone);
          if (!nodes) return from(nodes.error());
          if (!gone(*nodes)) return broken(id + " is still listed");
          std::set<std::string> left = trial.made;
          left.erase(id);
          return trial.fresh(*nodes) == left ? Found()
                                             : broken("it lists " + listed(trial.fresh(*nodes)));
        });
    trial.rule("terminate_node", "ending a machine that is gone is no failure", [&]() -> Found {
      Result<Json> again = trial.bridge->ask("terminate", trial.cluster, {{"node", id}},
                                             trial.with.clock.now() + Trial::kCall);
      return again ? Found() : from(again.error());
    });
  }
  trial.rule("terminate_nodes", "all that was made goes", [&]() -> Found {
    Result<Json> nodes = trial.call("non_terminated_nodes", no_filter());
    if (!nodes) return from(nodes.error());
    for (const std::string& each : trial.fresh(*nodes)) {
      Result<Json> ended = trial.bridge->ask("terminate", trial.cluster, {{"node", each}},
                                             trial.with.clock.now() + Trial::kCall);
      if (!ended) return from(ended.error());
    }
    nodes = trial.await("non_terminated_nodes", no_filter(),
                        [&](const Json& value) { return trial.fresh(value).empty(); });
    if (!nodes) return from(nodes.error());
    const std::set<std::string> left = trial.fresh(*nodes);
    return left.empty() ? Found() : broken("still listed: " + listed(left));
  });
}

}  // namespace rayctl::python
