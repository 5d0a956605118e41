#include "autoscaler/tick.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "autoscaler/codec_fields.h"
#include "autoscaler/start_digest.h"
#include "model/codec_document.h"
#include "model/codec_writer.h"

namespace rayctl {

namespace codec {
RAYCTL_FIELDS(Tick, RAYCTL_FIELD(Tick, at), RAYCTL_FIELD(Tick, config),
              RAYCTL_FIELD(Tick, decision), RAYCTL_FIELD(Tick, done), RAYCTL_FIELD(Tick, fleet),
              Version{.value = kTickFormat}, RAYCTL_FIELD(Tick, load), RAYCTL_FIELD(Tick, memory),
              RAYCTL_FIELD(Tick, number), RAYCTL_FIELD(Tick, options));
}  // namespace codec

namespace {

constexpr codec::Document kDocument{"autoscaler tick", kTickFormat, ErrorCode::kStateCorrupt,
                                    ErrorCode::kStateTooNew};
constexpr Millis kJitter{1'000};

/// The config with the fields that are written, and no others.
Config written_part(const Config& config) {
  const Result<Config> part =
      codec::read_as<Config>(Json::parse(codec::text_of(config)), kDocument);
  return part ? *part : Config{};
}

void translate(Memory& memory, const Config& from, const Config& to) {
  for (auto& [name, places] : memory.trouble) {
    const NodeTypeConfig* was = from.find(name);
    const NodeTypeConfig* is = to.find(name);
    const std::string old_digest = was ? start_digest(from, *was) : "";
    for (auto& [place, trouble] : places) {
      const bool same = is && trouble.config == old_digest;
      trouble.config = same ? start_digest(to, *is) : "another";
    }
  }
}

Millis idle_within(const FleetNode& node, Time at) {
  return std::clamp(node.idle_for, Millis{0}, std::max(at.time_since_epoch(), Millis{0}));
}

}  // namespace

Tick make_tick(std::int64_t number, Time at, const Load& load, const Config& config,
               const Fleet& fleet, const Memory& memory, const DecideOptions& options,
               const Decision& decision, const std::vector<std::string>& done) {
  Tick tick{.number = number,
            .at = at,
            .load = load,
            .config = written_part(config),
            .fleet = fleet,
            .memory = memory,
            .options = options,
            .decision = decision,
            .done = done};
  for (FleetNode& node : tick.fleet.nodes)
    node.idle_for = idle_within(node, at);
  translate(tick.memory, config, tick.config);
  translate(tick.decision.memory, config, tick.config);
  return tick;
}

Fleet steady(Fleet seen, Time at, const Fleet& before, Time at_before) {
  std::unordered_map<NodeName, Time> since;
  for (const FleetNode& node : before.nodes) {
    if (node.idle) since[node.name] = at_before - idle_within(node, at_before);
  }
  for (FleetNode& node : seen.nodes) {
    const auto found = since.find(node.name);
    if (!node.idle || found == since.end() || found->second > at) continue;
    const Millis differs = at - idle_within(node, at) - found->second;
    if (differs < kJitter && -differs < kJitter) node.idle_for = at - found->second;
  }
  return seen;
}

Json to_json(const Decision& decision) {
  return Json::parse(codec::text_of(decision));
}

Json to_json(const Tick& tick) {
  Json json = Json::parse(codec::text_of(tick));
  Json nodes = Json::object();
  for (Json& node : json["fleet"]["nodes"]) {
    const Millis idle_for{node["idle_for_ms"].get<std::int64_t>()};
    node["idle_since"] = idle_for > Millis{0} ? Json(format_time(tick.at - idle_for)) : Json();
    node.erase("idle_for_ms");
    std::string name = node["name"].get<std::string>();
    node.erase("name");
    nodes.emplace(std::move(name), std::move(node));
  }
  json["fleet"]["nodes"] = std::move(nodes);
  return json;
}

Result<Tick> tick_from_json(const Json& json) {
  if (Result<> version = codec::check_version(json, kDocument); !version) return version.error();
  const auto fleet = json.find("fleet");
  if (fleet == json.end() || !fleet->is_object() || !fleet->contains("nodes") ||
      !fleet->at("nodes").is_object()) {
    return codec::refuse(kDocument, ".fleet.nodes", "expected a record");
  }
  Json listed = json;
  Json nodes = Json::array();
  std::vector<Time> idle_since;
  for (auto& [name, node] : listed["fleet"]["nodes"].items()) {
    const std::string path = ".fleet.nodes." + name;
    if (!node.is_object()) return codec::refuse(kDocument, path, "expected a record");
    std::optional<Time> since;
    codec::Reader reader;
    if (!node.contains("idle_since") || !reader.read(node["idle_since"], since)) {
      return codec::refuse(kDocument, path + ".idle_since", "expected a time or null");
    }
    idle_since.push_back(since.value_or(Time::max()));
    node["idle_for_ms"] = 0;
    node["name"] = name;
    nodes.push_back(std::move(node));
  }
  listed["fleet"]["nodes"] = std::move(nodes);
  Result<Tick> tick = codec::read_as<Tick>(listed, kDocument);
  if (!tick) return tick;
  for (std::size_t i = 0; i < idle_since.size(); ++i) {
    if (idle_since[i] < tick->at) tick->fleet.nodes[i].idle_for = tick->at - idle_since[i];
  }
  return tick;
}

}  // namespace rayctl
