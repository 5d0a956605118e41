#include "tests/planner/world.h"

#include <set>
#include <stdexcept>

#include "model/codec.h"
#include "model/tags.h"

namespace rayctl::planning {
namespace {

const Time kNow = parse_time("2026-11-23T12:00:00.000Z");
const ClusterId kOurs{"c-1"};

void allow(const Json& json, const std::set<std::string>& keys, const std::string& where) {
  for (const auto& [key, value] : json.items()) {
    if (!keys.contains(key))
      throw std::runtime_error(std::string(where).append(": unknown key ").append(key));
  }
}

/// References, not copies: what is iterated over must live on.
const Json& record_at(const Json& json, const char* key) {
  static const Json kEmpty = Json::object();
  return json.contains(key) ? json.at(key) : kEmpty;
}

const Json& list_at(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  return json.contains(key) ? json.at(key) : kEmpty;
}

Time before_now(const Json& json) {
  return json.contains("age_s") ? kNow - std::chrono::seconds(json.at("age_s").get<int>()) : Time{};
}

SpecDigests read_digests(const Json& json, SpecDigests digests) {
  allow(json, {"launch", "docker", "files", "setup", "start", "synced"}, "digests");
  const auto set = [&](const char* key, Digest& digest) {
    if (json.contains(key)) digest.text = json.at(key).get<std::string>();
  };
  set("launch", digests.launch);
  set("docker", digests.docker);
  set("files", digests.files);
  set("setup", digests.setup);
  set("start", digests.start);
  set("synced", digests.synced);
  return digests;
}

std::map<Digest, FieldDigests> read_breakdown(const Json& json) {
  std::map<Digest, FieldDigests> all;
  for (const auto& [digest, fields] : json.items()) {
    for (const auto& [field, value] : fields.items())
      all[{digest}][field].text = value.get<std::string>();
  }
  return all;
}

void read_desired(const Json& json, Desired& desired) {
  allow(json,
        {"types", "head_type", "want", "why", "release", "if_idle", "max_unavailable", "autoscaler",
         "destroy", "files_beside_ray", "breakdown", "sends"},
        "desired");
  desired.cluster = {"demo"};
  desired.head_type.text = json.value("head_type", "head");
  desired.config = {"config"};
  desired.autoscaler.text = json.value("autoscaler", "a1");
  desired.max_unavailable = json.value("max_unavailable", 1);
  desired.files_beside_ray = json.value("files_beside_ray", false);
  desired.destroy = json.value("destroy", false);
  for (const auto& [type, spec] : json.at("types").items()) {
    allow(spec, {"provider", "plain", "digests"}, type);
    NodeSpec& made = desired.specs[{type}];
    made.type.text = type;
    made.provider.text = spec.value("provider", "process");
    made.head = made.type == desired.head_type;
    made.start.ray = !spec.value("plain", false);
    made.digests = read_digests(spec.value("digests", Json::object()),
                                {.launch = {"l1"}, .setup = {"s1"}, .start = {"r1"}});
  }
  if (!desired.destroy) desired.want[desired.head_type] = 1;
  for (const auto& [type, count] : record_at(json, "want").items()) {
    desired.want[{type}] = count.get<int>();
  }
  for (const auto& [type, why] : record_at(json, "why").items()) {
    desired.why[{type}] = why.get<std::string>();
  }
  for (const auto& name : list_at(json, "release")) {
    desired.release.insert({name.get<std::string>()});
  }
  for (const auto& name : list_at(json, "if_idle")) {
    desired.if_idle.insert({name.get<std::string>()});
  }
  desired.breakdown = read_breakdown(json.value("breakdown", Json::object()));
  for (const auto& [from, all] : record_at(json, "sends").items()) {
    for (const auto& [to, mounts] : all.items()) {
      for (const auto& [mount, counts] : mounts.items()) {
        desired.sends[{{from}, {to}}].push_back({mount,
                                                 {.added = counts.at(0),
                                                  .changed = counts.at(1),
                                                  .removed = counts.at(2),
                                                  .bytes = counts.at(3)}});
      }
    }
  }
}

Power read_power(const std::string& text) {
  for (const Power power :
       {Power::kPending, Power::kRunning, Power::kStopping, Power::kStopped, Power::kGone}) {
    if (text == to_text(power)) return power;
  }
  throw std::runtime_error("unknown power " + text);
}

Phase read_phase(const std::string& text) {
  for (const Phase phase : {Phase::kLaunched, Phase::kReady, Phase::kFailed, Phase::kDraining}) {
    if (text == to_text(phase)) return phase;
  }
  throw std::runtime_error("unknown phase " + text);
}

RayNode read_ray(const Json& json) {
  allow(json, {"state", "idle_s", "total", "available", "activity"}, "ray");
  RayNode node;
  const std::string state = json.value("state", "alive");
  node.state = state == "dead"       ? RayNode::State::kDead
               : state == "draining" ? RayNode::State::kDraining
                                     : RayNode::State::kAlive;
  node.idle = json.contains("idle_s");
  node.idle_for = std::chrono::seconds(json.value("idle_s", 0));
  node.total = json.value("total", std::map<std::string, double>());
  node.available = json.value("available", std::map<std::string, double>());
  node.activity = json.value("activity", std::vector<std::string>());
  return node;
}

class Reader {
 public:
  World read(const Json& json) {
    allow(json,
          {"about", "second_plan", "desired", "nodes", "machines", "unlisted", "unasked", "prompt",
           "ends_silent", "ray", "start_running", "open", "snapshot", "options"},
          "case");
    read_desired(json.at("desired"), world_.desired);
    read_snapshot(json.value("snapshot", Json::object()));
    world_.observed.at = kNow;
    for (const auto& [type, spec] : world_.desired.specs)
      machines_of(spec.provider);
    read_view(json);
    const Json nodes = json.value("nodes", Json::object());
    for (const auto& [name, node] : nodes.items())
      read_node(name, node);
    for (const auto& machine : list_at(json, "machines"))
      read_machine(machine);
    for (const auto& [id, runs] : record_at(json, "start_running").items()) {
      world_.observed.start_running[{id}] = runs.get<bool>();
    }
    for (const auto& provider : list_at(json, "prompt"))
      world_.observed.prompt.insert({provider.get<std::string>()});
    for (const auto& provider : list_at(json, "ends_silent"))
      world_.observed.ends_silent.insert({provider.get<std::string>()});
    for (const auto& op : list_at(json, "open"))
      read_op(op);
    for (const auto& [provider, message] : record_at(json, "unlisted").items()) {
      world_.observed.machines.insert_or_assign(
          ProviderName{provider},
          transient(ErrorCode::kProviderUnavailable, message.get<std::string>()));
    }
    for (const auto& provider : list_at(json, "unasked")) {
      world_.observed.machines.erase({provider.get<std::string>()});
    }
    read_options(json.value("options", Json::object()));
    return std::move(world_);
  }

 private:
  std::vector<CloudNode>& machines_of(const ProviderName& provider) {
    return *world_.observed.machines.try_emplace(provider, std::vector<CloudNode>()).first->second;
  }

  void read_snapshot(const Json& json) {
    allow(json, {"cluster_id", "highest", "autoscaler", "breakdown", "imported"}, "snapshot");
    Snapshot& snapshot = world_.snapshot;
    snapshot.lineage = "lineage";
    snapshot.serial = 7;
    snapshot.epoch = 2;
    snapshot.cluster = world_.desired.cluster;
    snapshot.cluster_id.text = json.value("cluster_id", kOurs.text);
    snapshot.autoscaler.text = json.value("autoscaler", world_.desired.autoscaler.text);
    snapshot.config = world_.desired.config;
    snapshot.imported = json.value("imported", false);
    for (const auto& [type, number] : record_at(json, "highest").items()) {
      snapshot.highest[{type}] = number.get<int>();
    }
    snapshot.breakdown = read_breakdown(json.value("breakdown", Json::object()));
  }

  void read_view(const Json& json) {
    if (!json.contains("ray")) return;
    if (json.at("ray").is_string()) {
      world_.observed.ray =
          Result<RayView>(transient(ErrorCode::kRayUnreachable, json.at("ray").get<std::string>()));
      return;
    }
    RayView view;
    for (const auto& [name, node] : json.at("ray").items())
      view.nodes[id_of(name)] = read_ray(node);
    world_.observed.ray = Result<RayView>(std::move(view));
  }

  void read_node(const std::string& name, const Json& json) {
    allow(json,
          {"type", "provider", "id", "phase", "applied", "running", "machine", "cluster", "age_s",
           "failure", "head", "unseen", "unwanted"},
          name);
    const std::string type = json.value("type", name.substr(0, name.rfind('-')));
    const NodeSpec* spec = nullptr;
    if (const auto found = world_.desired.specs.find({type}); found != world_.desired.specs.end())
      spec = &found->second;
    NodeRecord& record = world_.snapshot.nodes[{name}];
    record.type.text = type;
    record.provider.text =
        json.value("provider", spec != nullptr ? spec->provider.text : "process");
    record.head = json.value("head", type == world_.desired.head_type.text);
    record.id.text = json.value("id", id_of(name).text);
    record.phase = read_phase(json.value("phase", "ready"));
    record.failure = json.value("failure", "");
    record.launched_at = before_now(json);
    const SpecDigests usual = spec != nullptr
                                  ? spec->digests
                                  : SpecDigests{.launch = {"l1"}, .setup = {"s1"}, .start = {"r1"}};
    record.applied = read_digests(json.value("applied", Json::object()), usual);
    record.applied.start = {};
    if (!json.contains("running") || !json.at("running").is_null()) {
      record.running =
          read_digests(json.value("running", Json::object()), {.docker = record.applied.docker,
                                                               .files = record.applied.files,
                                                               .setup = record.applied.setup,
                                                               .start = usual.start});
    }
    const std::string power = json.value("machine", "running");
    if (power == "unlisted") return;
    CloudNode machine{.id = record.id,
                      .power = read_power(power),
                      .cluster = kOurs,
                      .name = NodeName{name},
                      .type = record.type,
                      .head = record.head};
    read_cluster(json, machine);
    machine.unseen = json.value("unseen", "");
    machine.unwanted = json.value("unwanted", "");
    machine.tags = record_tags(record);
    machines_of(record.provider).push_back(std::move(machine));
  }

  static void read_cluster(const Json& json, CloudNode& machine) {
    if (!json.contains("cluster")) return;
    machine.cluster.reset();
    if (json.at("cluster").is_string())
      machine.cluster = ClusterId{json.at("cluster").get<std::string>()};
  }

  void read_machine(const Json& json) {
    allow(json,
          {"id", "provider", "power", "cluster", "name", "type", "token", "head", "applied",
           "running", "phase", "unseen"},
          "machine");
    CloudNode machine{.id = {json.at("id").get<std::string>()},
                      .power = read_power(json.value("power", "running")),
                      .cluster = kOurs,
                      .head = json.value("head", false)};
    read_cluster(json, machine);
    if (json.contains("name")) machine.name = NodeName{json.at("name").get<std::string>()};
    if (json.contains("type")) machine.type = NodeTypeName{json.at("type").get<std::string>()};
    machine.unseen = json.value("unseen", "");
    if (json.contains("token")) machine.token = OpToken{json.at("token").get<std::string>()};
    NodeRecord record;
    record.phase = read_phase(json.value("phase", "launched"));
    record.applied = read_digests(json.value("applied", Json::object()), {});
    record.running = read_digests(json.value("running", Json::object()), {});
    machine.tags = record_tags(record);
    machines_of({json.value("provider", "process")}).push_back(std::move(machine));
  }

  void read_op(const Json& json) {
    allow(json, {"token", "age_s", "action"}, "open");
    Result<Action> action = action_from_json(json.at("action"));
    if (!action) throw std::runtime_error(action.error().message);
    world_.snapshot.open.push_back(
        {{json.at("token").get<std::string>()}, *std::move(action), before_now(json)});
  }

  void read_options(const Json& json) {
    allow(json,
          {"no_restart", "restart_only", "restart", "replace_head", "refreshed", "target",
           "exclude", "max_workers"},
          "options");
    PlanOptions& options = world_.options;
    options.no_restart = json.value("no_restart", false);
    options.restart_only = json.value("restart_only", false);
    options.restart = json.value("restart", false);
    options.replace_head = json.value("replace_head", false);
    options.refreshed = json.value("refreshed", true);
    options.target = json.value("target", std::vector<std::string>());
    options.exclude = json.value("exclude", std::vector<std::string>());
    if (json.contains("max_workers"))
      options.overrides.max_workers = json.at("max_workers").get<int>();
  }

  World world_;
};

}  // namespace

World read_world(const Json& json) {
  return Reader().read(json);
}

}  // namespace rayctl::planning
