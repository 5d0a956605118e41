#include "tests/gcp_compute/fake_gce.h"

#include <regex>

#include "base/digest.h"
#include "base/text.h"
#include "providers/gcp/errors.h"

namespace rayctl::gcp {
namespace {

std::string market_of(const Json& body) {
  const Json scheduling = body.value("scheduling", Json::object());
  const bool spot =
      scheduling.value("preemptible", false) || scheduling.value("provisioningModel", "") == "SPOT";
  return spot ? "spot" : "on-demand";
}

std::string fingerprint(const std::map<std::string, std::string>& labels) {
  return sha256_hex(Json(labels).dump()).substr(0, 12);
}

/// The pairs of a filter that is equalities joined by AND.
bool fits(const std::string& filter, const FakeGce::Machine& machine) {
  static const std::regex kTerm(R"re(\(([\w.-]+) = "([^"]*)"\))re");
  for (std::sregex_iterator at(filter.begin(), filter.end(), kTerm), end; at != end; ++at) {
    const std::string key = (*at)[1], value = (*at)[2];
    if (key == "name" && machine.name != value) return false;
    if (!key.starts_with("labels.")) continue;
    const auto label = machine.labels.find(key.substr(7));
    if (label == machine.labels.end() || label->second != value) return false;
  }
  return true;
}

}  // namespace

Reply<Json> refused(const std::string& id, ApiError error) {
  Error told = error_of(id, error);
  return {std::move(told), std::move(error)};
}

Reply<Json> FakeGce::call(const Call& call, Time) {
  {
    const std::lock_guard lock(mutex_);
    ++calls_[call.id];
    const auto refusal = refuse_once.find(call.id);
    if (refusal != refuse_once.end()) {
      const ApiError error = refusal->second;
      refuse_once.erase(refusal);
      return refused(call.id, error);
    }
  }
  if (before) before(call.id);
  Reply<Json> answer = act(call);
  if (after) after(call.id);
  if (loses && loses(call)) {
    return {unknown_outcome(ErrorCode::kProviderUnavailable, "no answer"), {}};
  }
  return answer;
}

FakeGce::Machine& FakeGce::add(const Machine& machine) {
  return machines[machine.name] = machine;
}

std::vector<FakeGce::Machine> FakeGce::living() const {
  const std::lock_guard lock(mutex_);
  std::vector<Machine> all;
  for (const auto& [name, machine] : machines) {
    if (machine.status == "RUNNING") all.push_back(machine);
  }
  return all;
}

int FakeGce::calls(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  return found == calls_.end() ? 0 : found->second;
}

Reply<Json> FakeGce::act(const Call& call) {
  const std::lock_guard lock(mutex_);
  const std::vector<std::string> parts = split(call.path, '/');
  if (call.id == "compute.instances.aggregatedList") return list(call);
  if (call.id == "compute.zoneOperations.wait") return wait(parts.at(5));
  if (call.id == "compute.instances.insert") return insert(call, parts.at(3));
  const auto machine = machines.find(parts.at(5));
  if (machine == machines.end() || machine->second.zone != parts.at(3)) {
    return refused(call.id, {404, "notFound", "there is no " + parts.at(5)});
  }
  if (call.id == "compute.instances.get") return {shown(machine->second), {}};
  return change(call, machine->second);
}

Json FakeGce::begin(const std::string& call, const std::string& zone, ApiError error) {
  const std::string name = "operation-" + std::to_string(++last_);
  operations_[name] = {call, std::move(error), zone};
  return {{"name", name}, {"zone", "https://www/zones/" + zone}, {"status", "RUNNING"}};
}

Reply<Json> FakeGce::insert(const Call& call, const std::string& zone) {
  inserts.push_back(call);
  const std::string request = call.query.at("requestId");
  const auto before_it = requests_.find(request);
  if (before_it != requests_.end()) {
    return {Json{{"name", before_it->second}, {"zone", "zones/" + zone}, {"status", "RUNNING"}},
            {}};
  }
  const std::string name = call.body.at("name");
  if (machines.contains(name)) {
    return refused(call.id, {409, "alreadyExists", "there is a " + name});
  }
  const Slot slot{zone, market_of(call.body)};
  ApiError error;
  if (const auto refusal = refuses.find(slot); refusal != refuses.end()) {
    error = {0, refusal->second, "not here"};
  } else if (const auto left = capacity.find(slot); left != capacity.end() && left->second-- <= 0) {
    error = {0, "ZONE_RESOURCE_POOL_EXHAUSTED", "no room in " + zone};
  }
  if (error.reason.empty()) {
    machines[name] = {.name = name,
                      .zone = zone,
                      .spot = slot.second == "spot",
                      .labels = call.body.value("labels", std::map<std::string, std::string>{}),
                      .body = call.body,
                      .hidden = lag};
  }
  Json operation = begin(call.id, zone, error);
  requests_[request] = operation.at("name");
  return {std::move(operation), {}};
}

Reply<Json> FakeGce::change(const Call& call, Machine& machine) {
  const std::string zone = machine.zone;
  if (call.id == "compute.instances.setLabels") {
    if (call.body.at("labelFingerprint") != fingerprint(machine.labels)) {
      return refused(call.id, {412, "conditionNotMet", "Labels fingerprint is old"});
    }
    machine.labels = call.body.at("labels").get<std::map<std::string, std::string>>();
  } else if (call.id == "compute.instances.delete") {
    machines.erase(std::string(machine.name));
  } else if (call.id == "compute.instances.stop") {
    machine.status = "TERMINATED";
  } else if (call.id == "compute.instances.start") {
    const auto left = capacity.find({zone, machine.spot ? "spot" : "on-demand"});
    if (left != capacity.end() && left->second <= 0) {
      return {begin(call.id, zone, {0, "ZONE_RESOURCE_POOL_EXHAUSTED", "no room"}), {}};
    }
    machine.status = "RUNNING";
  }
  return {begin(call.id, zone), {}};
}

Reply<Json> FakeGce::wait(const std::string& name) const {
  const auto found = operations_.find(name);
  if (found == operations_.end()) {
    return refused("compute.zoneOperations.wait", {404, "notFound", "no such operation"});
  }
  const Begun& begun = found->second;
  Json answer{{"name", name}, {"zone", "zones/" + begun.zone}, {"status", "DONE"}};
  if (never_end.contains(begun.call)) answer["status"] = "RUNNING";
  if (!begun.error.reason.empty()) {
    answer["error"]["errors"] = {{{"code", begun.error.reason}, {"message", begun.error.message}}};
  }
  return {std::move(answer), {}};
}

Reply<Json> FakeGce::list(const Call& call) {
  std::vector<Machine*> found;
  for (auto& [name, machine] : machines) {
    if (machine.hidden > 0) {
      --machine.hidden;
    } else if (fits(call.query.at("filter"), machine)) {
      found.push_back(&machine);
    }
  }
  const auto token = call.query.find("pageToken");
  const std::size_t from = token == call.query.end() ? 0 : std::stoul(token->second);
  const std::size_t to = std::min(from + page, found.size());
  Json answer{{"items", Json::object()}};
  answer["items"]["zones/us-east1-b"] = {{"warning", {{"code", "NO_RESULTS_ON_PAGE"}}}};
  for (std::size_t at = from; at < to; ++at)
    answer["items"]["zones/" + found[at]->zone]["instances"].push_back(shown(*found[at]));
  if (to < found.size()) answer["nextPageToken"] = std::to_string(to);
  return {std::move(answer), {}};
}

Json FakeGce::shown(const Machine& machine) {
  Json json = machine.body.is_object() ? machine.body : Json::object();
  json["name"] = machine.name;
  json["zone"] = "https://www/projects/p/zones/" + machine.zone;
  json["status"] = machine.status;
  json["labels"] = machine.labels;
  json["labelFingerprint"] = fingerprint(machine.labels);
  json["scheduling"]["preemptible"] = machine.spot;
  return json;
}

}  // namespace rayctl::gcp
