#include "planner/survey.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "model/list_lag.h"
#include "model/record_rules.h"
#include "model/tags.h"
#include "planner/node_names.h"

namespace rayctl::planning {
namespace {

/// The order that makes the choice between two listings of one id independent of list order.
auto rank(const CloudNode& node) {
  return std::tie(node.power, node.cluster, node.name, node.type, node.token, node.head,
                  node.internal_ip, node.external_ip, node.unseen, node.unwanted, node.tags);
}

class Surveyor {
 public:
  explicit Surveyor(const Inputs& in) : in_(in) {}

  Survey run() {
    choose_cluster_id();
    index_machines();
    note_numbers();
    join_records();
    sort_out_unrecorded();
    if (in_.desired.destroy) add_unlisted();
    put_in_order();
    return std::move(found_);
  }

 private:
  struct Seen {
    const CloudNode* machine = nullptr;
    bool recorded = false;
  };
  using ById = std::unordered_map<std::string_view, Seen>;

  void put_in_order() {
    using Key = std::tuple<bool, NameParts, std::string_view, std::size_t>;
    std::vector<Key> keys;
    keys.reserve(found_.nodes.size());
    for (std::size_t i = 0; i < found_.nodes.size(); ++i) {
      const NodeView& node = found_.nodes[i];
      keys.emplace_back(!node.head, parts_of(node.name), node.name.text, i);
    }
    std::sort(keys.begin(), keys.end());
    std::vector<NodeView> ordered;
    ordered.reserve(keys.size());
    for (const Key& key : keys)
      ordered.push_back(std::move(found_.nodes[std::get<3>(key)]));
    found_.nodes = std::move(ordered);
  }

  void choose_cluster_id() {
    found_.cluster_id = in_.snapshot.cluster_id;
    if (!found_.cluster_id.empty() || !in_.snapshot.nodes.empty()) return;
    std::set<ClusterId> ids;
    for (const auto& [provider, machines] : in_.observed.machines) {
      if (!machines) continue;
      for (const CloudNode& machine : *machines) {
        if (machine.head && machine.cluster && machine.power != Power::kGone &&
            machine.unseen.empty()) {
          ids.insert(*machine.cluster);
        }
      }
    }
    if (ids.empty()) ids = ids_of_resources();
    if (ids.size() == 1) found_.cluster_id = *ids.begin();
  }

  std::set<ClusterId> ids_of_resources() const {
    std::set<ClusterId> ids;
    for (const auto& [provider, resources] : in_.observed.resources) {
      if (!resources) continue;
      for (const SeenResource& seen : resources->seen) {
        if (seen.exclusive && seen.cluster) ids.insert(*seen.cluster);
      }
    }
    return ids;
  }

  bool ours(const CloudNode& machine) const {
    return machine.cluster && !found_.cluster_id.empty() && *machine.cluster == found_.cluster_id;
  }

  void index_machines() {
    for (const auto& [provider, machines] : in_.observed.machines) {
      if (!machines) continue;
      ById& by_id = machines_[provider];
      by_id.reserve(machines->size());
      for (const CloudNode& machine : *machines) {
        Seen& seen = by_id[machine.id.text];
        if (seen.machine == nullptr || rank(machine) < rank(*seen.machine)) seen.machine = &machine;
      }
    }
  }

  void note_number(const NodeName& name) {
    const NameParts parts = parts_of(name);
    if (parts.number < 0) return;
    if (last_highest_ == nullptr || parts.type != last_type_) {
      last_type_.assign(parts.type);
      last_highest_ = &found_.highest[last_type_];
    }
    *last_highest_ = std::max(*last_highest_, parts.number);
  }

  void note_numbers() {
    for (const auto& [type, number] : in_.snapshot.highest) {
      std::int64_t& highest = found_.highest[type.text];
      highest = std::max<std::int64_t>(highest, number);
    }
    for (const auto& [name, record] : in_.snapshot.nodes)
      note_number(name);
    for (const NodeName& name : in_.desired.release)
      note_number(name);
    for (const auto& [provider, machines] : in_.observed.machines) {
      if (!machines) continue;
      for (const CloudNode& machine : *machines) {
        if (machine.name) note_number(*machine.name);
      }
    }
    for (const OpenOp& op : in_.snapshot.open) {
      const auto changed = changed_digest(op.action);
      for (const NodeName& name : nodes_of(op.action)) {
        note_number(name);
        if (changed != nullptr) begun_[name.text].push_back(changed);
      }
      const auto* create = std::get_if<CreateNodes>(&op.action);
      if (create == nullptr) continue;
      launches_.emplace(op.token.text, create);
      if (!is_recent(op.begun_at, in_.observed.at)) continue;
      for (const NodeName& name : create->nodes)
        launching_.insert(name.text);
    }
  }

  /// What is to go and its provider has for certain ends there, whether or not it answers.
  bool can_end(const ProviderName& provider) const {
    return in_.desired.destroy && in_.observed.ends_silent.contains(provider);
  }

  /// Of one that does not answer the power is what was known before: not seen is not gone.
  static bool is_gone(const CloudNode& machine) {
    return machine.power == Power::kGone && machine.unseen.empty();
  }

  Presence presence_of(const NodeName& name, const NodeRecord& record, const CloudNode* machine) {
    if (machine == nullptr) {
      const bool expected = may_be_unlisted(record, launching_.contains(name.text), in_.observed);
      return expected ? Presence::kExpected : Presence::kGone;
    }
    if (!machine->unseen.empty() && !can_end(record.provider)) return Presence::kUnseen;
    if (is_gone(*machine)) return Presence::kGone;
    if (!ours(*machine)) return Presence::kForeign;
    if (machine->cached) return Presence::kGone;
    if (machine->power == Power::kStopping) return Presence::kStopping;
    if (machine->power == Power::kStopped) return Presence::kStopped;
    return Presence::kAlive;
  }

  void join_records() {
    std::map<ProviderName, std::size_t> unseen;
    ById* by_id = nullptr;
    const ProviderName* provider = nullptr;
    found_.nodes.reserve(in_.snapshot.nodes.size());
    for (const auto& [name, record] : in_.snapshot.nodes) {
      NodeView view{.name = name, .type = record.type, .head = record.head, .record = &record};
      doubt(view);
      if (provider == nullptr || *provider != record.provider) {
        provider = &record.provider;
        const auto list = machines_.find(record.provider);
        by_id = list == machines_.end() ? nullptr : &list->second;
      }
      if (!listed(in_, record.provider)) {
        view.presence = Presence::kUnseen;
        ++unseen[record.provider];
      } else {
        view.machine = claim(by_id, record.id);
        view.presence = presence_of(name, record, view.machine);
        if (view.presence == Presence::kUnseen) {
          say_silent(*view.machine, view.name.text + " is left alone");
        }
        if (view.presence == Presence::kForeign) block_foreign(*view.machine, &view.name);
        if (view.machine != nullptr && view.machine->head) view.head = true;
      }
      look_at_ray(view);
      found_.nodes.push_back(std::move(view));
    }
    for (const auto& [name, count] : unseen)
      say_unseen(name, count);
    for (const auto& [name, machines] : in_.observed.machines) {
      if (!machines && !unseen.contains(name)) say_unseen(name, 0);
    }
  }

  /// Where a change was begun and what was there before is wanted again, nobody knows what is
  /// there.
  void doubt(NodeView& view) {
    const auto begun = begun_.find(view.name.text);
    const NodeSpec* spec = spec_of(in_.desired, view.type);
    if (begun == begun_.end() || spec == nullptr) return;
    NodeRecord doubted = *view.record;
    for (const auto changed : begun->second) {
      if (doubted.applied.*changed == spec->digests.*changed) doubted.applied.*changed = {};
    }
    if (doubted.applied == view.record->applied) return;
    view.taken_back = true;
    found_.records.push_back(std::move(doubted));
    view.record = &found_.records.back();
  }

  static const CloudNode* claim(ById* by_id, const CloudId& id) {
    if (by_id == nullptr) return nullptr;
    const auto seen = by_id->find(id.text);
    if (seen == by_id->end() || seen->second.recorded) return nullptr;
    seen->second.recorded = true;
    return seen->second.machine;
  }

  void say_unseen(const ProviderName& provider, std::size_t nodes) {
    const auto list = in_.observed.machines.find(provider);
    const std::string why =
        list == in_.observed.machines.end() ? "" : ": " + list->second.error().message;
    found_.blind_spots.push_back("machines of " + provider.text + " could not be listed" + why +
                                 "; " + (nodes == 0 ? "nothing" : "its " + plural(nodes, "node")) +
                                 (nodes == 0 ? " is made or removed there" : " are left alone"));
  }

  void say_silent(const CloudNode& machine, const std::string& then) {
    found_.blind_spots.push_back("host " + machine.id.text + " does not answer: " + machine.unseen +
                                 "; " + then);
  }

  void block_foreign(const CloudNode& machine, const NodeName* recorded) {
    std::string what = "machine " + machine.id.text;
    what += recorded == nullptr ? " has this cluster's name but "
                                : ", recorded as " + recorded->text + ", ";
    what += machine.cluster ? "belongs to another cluster (" + machine.cluster->text + ")"
                            : std::string(recorded == nullptr ? "rayctl did not make it"
                                                              : "does not carry this cluster's id");
    if (in_.desired.destroy) {
      found_.blind_spots.push_back(what + "; it is left alone");
      return;
    }
    found_.blocked.push_back(
        {.summary = what,
         .remedy = "say whose it is with `rayctl import`, or rename this cluster",
         .code = ErrorCode::kForeignMachine});
  }

  void look_at_ray(NodeView& view) {
    const NodeRecord& record = *view.record;
    const auto& ray = in_.observed.ray;
    const bool has_view = ray.has_value() && ray->ok();
    if (has_view) {
      const auto node = (**ray).nodes.find(record.id);
      if (node != (**ray).nodes.end()) view.ray = &node->second;
    }
    if (!started(record)) return;
    const NodeSpec* spec = spec_of(in_.desired, view.type);
    const bool plain = spec != nullptr && !spec->start.ray;
    if (has_view && !plain) {
      if (view.ray != nullptr) {
        view.ray_state = view.ray->state == RayNode::State::kDead ? RayState::kDown : RayState::kUp;
      } else if (!in_.snapshot.imported) {
        view.ray_state = RayState::kDown;  // what others started does not carry our ids
      }
      return;
    }
    const auto runs = in_.observed.start_running.find(record.id);
    if (runs == in_.observed.start_running.end()) return;
    view.ray_state = runs->second ? RayState::kUp : RayState::kDown;
  }

  void sort_out_unrecorded() {
    struct Loose {
      const CloudNode* machine;
      const ProviderName* provider;
      NodeName name;
    };
    std::vector<Loose> loose;
    std::vector<const CloudNode*> foreign, silent;
    for (const auto& [provider, by_id] : machines_) {
      for (const auto& [id, seen] : by_id) {
        const Power power = seen.machine->power;
        if (seen.recorded) continue;
        if (!seen.machine->unseen.empty() && !can_end(provider)) {
          silent.push_back(seen.machine);
          continue;
        }
        if (is_gone(*seen.machine) || power == Power::kStopping) continue;
        if (seen.machine->cached && !in_.desired.destroy) continue;
        if (ours(*seen.machine)) {
          loose.push_back({seen.machine, &provider, {}});
        } else {
          foreign.push_back(seen.machine);
        }
      }
    }
    const auto by_name = [](const CloudNode* a, const CloudNode* b) { return a->id < b->id; };
    std::stable_sort(silent.begin(), silent.end(), by_name);
    for (const CloudNode* machine : silent)
      say_silent(*machine, "what is on it is not known, and it is not used");
    std::stable_sort(foreign.begin(), foreign.end(), by_name);
    for (const CloudNode* machine : foreign)
      block_foreign(*machine, nullptr);
    std::sort(loose.begin(), loose.end(), [](const Loose& a, const Loose& b) {
      return std::tie(*a.provider, a.machine->id) < std::tie(*b.provider, b.machine->id);
    });
    if (loose.empty()) return;
    for (const auto& [name, record] : in_.snapshot.nodes)
      taken_.insert(name.text);
    for (Loose& each : loose) {
      if (each.machine->name && taken_.insert(each.machine->name->text).second) {
        each.name = *each.machine->name;
      }
    }
    for (Loose& each : loose)
      adopt(*each.machine, *each.provider, std::move(each.name));
  }

  /// Machines that the journal knows by their ids and nothing else does: a launch was cut off
  /// before it was recorded, and they are not listed yet.
  void add_unlisted() {
    std::unordered_set<std::string_view> recorded;
    for (const auto& [name, record] : in_.snapshot.nodes) {
      recorded.insert(record.id.text);
      taken_.insert(name.text);
    }
    for (const OpenOp& op : in_.snapshot.open) {
      const auto* launch = std::get_if<CreateNodes>(&op.action);
      const NodeSpec* spec = launch == nullptr ? nullptr : spec_of(in_.desired, launch->type);
      if (spec == nullptr || !listed(in_, spec->provider)) continue;
      const auto by_id = machines_.find(spec->provider);
      for (const LaunchAttempt& attempt : op.attempts) {
        for (const CloudId& id : attempt.made.value_or(std::vector<CloudId>())) {
          const bool seen = by_id != machines_.end() && by_id->second.contains(id.text);
          NodeName name = seen || recorded.contains(id.text) ? NodeName{} : free_name(*launch);
          if (name.empty()) continue;
          NodeRecord record{.type = launch->type, .provider = spec->provider, .head = spec->head};
          record.id = id;
          record.made_by = op.token;
          found_.records.push_back(std::move(record));
          found_.nodes.push_back({.name = std::move(name),
                                  .type = launch->type,
                                  .head = spec->head,
                                  .presence = Presence::kExpected,
                                  .record = &found_.records.back()});
        }
      }
    }
  }

  void adopt(const CloudNode& machine, const ProviderName& provider, NodeName name) {
    const CreateNodes* launch = nullptr;
    if (machine.token) {
      const auto op = launches_.find(machine.token->text);
      if (op != launches_.end()) launch = op->second;
    }
    NodeRecord record = record_from_tags(machine, provider);
    if (record.type.empty() && launch != nullptr) record.type = launch->type;
    if (record.type.empty() && machine.name) record.type.text = parts_of(*machine.name).type;
    if (record.type.empty() && machine.head) record.type = in_.desired.head_type;
    if (record.type.empty() && !in_.desired.destroy) {
      found_.blind_spots.push_back("machine " + machine.id.text +
                                   " is ours but does not say its node type; it is left alone");
      return;
    }
    if (name.empty() && launch != nullptr) name = free_name(*launch);
    if (name.empty()) {
      const NodeTypeName& type = record.type.empty() ? kUnknownType : record.type;
      name = numbered(type, ++found_.highest[type.text]);
      taken_.insert(name.text);
    }
    found_.records.push_back(std::move(record));
    NodeView view{.name = std::move(name),
                  .type = found_.records.back().type,
                  .head = found_.records.back().head,
                  .adopted = true,
                  .record = &found_.records.back(),
                  .machine = &machine};
    view.presence = machine.power == Power::kStopped ? Presence::kStopped : Presence::kAlive;
    look_at_ray(view);
    found_.nodes.push_back(std::move(view));
  }

  NodeName free_name(const CreateNodes& launch) {
    for (const NodeName& name : launch.nodes) {
      if (taken_.insert(name.text).second) return name;
    }
    return {};
  }

  const Inputs& in_;
  Survey found_;
  /// By node, what actions that were begun on it change.
  std::unordered_map<std::string, std::vector<Digest SpecDigests::*>> begun_;
  std::map<ProviderName, ById> machines_;
  std::unordered_map<std::string_view, const CreateNodes*> launches_;  // by token
  std::unordered_set<std::string> launching_;  // names in launches begun a moment ago
  std::unordered_set<std::string> taken_;      // names
  std::string last_type_;
  std::int64_t* last_highest_ = nullptr;
  inline static const NodeTypeName kUnknownType{"unknown"};
};

}  // namespace

bool listed(const Inputs& in, const ProviderName& provider) {
  const auto list = in.observed.machines.find(provider);
  if (list == in.observed.machines.end()) return !in.options.refreshed;
  return list->second.ok();
}

Survey survey(const Inputs& in) {
  return Surveyor(in).run();
}

}  // namespace rayctl::planning
