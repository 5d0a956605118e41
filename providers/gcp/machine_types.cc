#include "providers/gcp/machine_types.h"

#include <utility>

#include "base/files.h"
#include "net/url_text.h"
#include "providers/gcp/instance_template.h"
#include "providers/gcp/node_config.h"

namespace rayctl::gcp {
namespace {

constexpr Millis kFor{30LL * 24 * 3600 * 1000};

}  // namespace

std::string MachineTypes::key(const std::string& type) const {
  return place_.region + "/" + type;
}

Result<std::vector<Offer>> MachineTypes::offers(const std::vector<Json>& node_configs,
                                                Time deadline) {
  const std::lock_guard lock(mutex_);
  load();
  std::map<std::string, Json> templates;
  std::vector<Offer> offers;
  std::optional<Error> failed;
  for (const Json& node_config : node_configs) {
    Result<Offer> found = offer(node_config, templates, deadline);
    if (!found) {
      failed = found.error();
      break;
    }
    offers.push_back(*std::move(found));
  }
  if (changed_) save();
  changed_ = false;
  if (failed) return *failed;
  return offers;
}

Result<Offer> MachineTypes::offer(const Json& node_config, std::map<std::string, Json>& templates,
                                  Time deadline) {
  if (!node_config.is_object()) return Offer{};
  if (is_tpu(node_config)) return tpu_offer(node_config);
  Json all = Json::object();
  if (const std::string name = instance_template_of(node_config); !name.empty()) {
    if (!templates.contains(name)) {
      Reply<Json> given = template_properties(api_, place_, name, deadline);
      if (!given) return given.value.error();
      templates[name] = *std::move(given.value);
    }
    all = templates[name];
  }
  all.update(node_config);
  Result<Offer> found = type_offer(machine_type_of(all), deadline);
  // Those of a type that brings its own are the same ones.
  if (found && !found->empty() && !found->contains("GPU") && says(all, "guestAccelerators"))
    add_accelerators(*found, all["guestAccelerators"]);
  return found;
}

Result<Offer> MachineTypes::type_offer(const std::string& type, Time deadline) {
  if (type.empty()) return Offer{};
  if (std::optional<Offer> custom = custom_offer(type)) return *std::move(custom);
  const Time now = clock_.now();
  if (const auto known = known_.find(key(type)); known != known_.end()) {
    if (now - known->second.at < kFor) return known->second.offer;
  }
  for (const std::string& zone : place_.zones) {
    const Reply<Json> answer =
        api_.call({.id = "compute.machineTypes.get",
                   .path = "projects/" + percent_encode(place_.project) + "/zones/" +
                           percent_encode(zone) + "/machineTypes/" + percent_encode(type),
                   .repeatable = true},
                  deadline);
    if (!answer && answer.api.status == 404) continue;
    if (!answer) return in_context(answer.value.error(), "looking up the machine type " + type);
    Offer offer = parse_machine_type(*answer);
    known_[key(type)] = {now, offer};
    changed_ = true;
    return offer;
  }
  return Offer{};
}

void MachineTypes::load() {
  if (loaded_ || cache_.empty()) return;
  loaded_ = true;
  const Result<std::string> bytes = read_file(cache_);
  if (!bytes) return;
  const Json file = Json::parse(*bytes, nullptr, false);
  if (!file.is_object() || !file.contains("types") || !file["types"].is_object()) return;
  for (const auto& [name, entry] : file["types"].items()) {
    if (!entry.is_object() || !entry.contains("at") || !entry["at"].is_string()) continue;
    Known known{.at = parse_time(entry["at"].get<std::string>()), .offer = {}};
    const auto resources = entry.find("resources");
    if (resources == entry.end() || !resources->is_object()) continue;
    for (const auto& [resource, amount] : resources->items()) {
      if (amount.is_number()) known.offer[resource] = amount.get<double>();
    }
    if (!known.offer.empty()) known_[name] = std::move(known);
  }
}

void MachineTypes::save() const {
  if (cache_.empty()) return;
  Json types = Json::object();
  for (const auto& [name, known] : known_)
    types[name] = {{"at", format_time(known.at)}, {"resources", known.offer}};
  if (!make_directories(cache_.parent_path())) return;
  (void)write_file_atomic(cache_, Json{{"version", 1}, {"types", types}}.dump(1) + "\n");
}

}  // namespace rayctl::gcp
