#include "providers/aws/instance_types.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

constexpr Millis kFor{30LL * 24 * 3600 * 1000};
constexpr std::size_t kMost = 100;  // types in one call
// DEFAULT_OBJECT_STORE_MEMORY_PROPORTION of Ray.
constexpr double kObjectStore = 0.3;
constexpr char kAccelerator[] = "accelerator_type:";

// Source: AWS_NEURON_INSTANCE_MAP of Ray 2.60 (ray/_private/accelerators/neuron.py); EC2 does not
// say it in Ray's words.
constexpr std::array<std::pair<std::string_view, int>, 7> kNeuronCores = {{
    {"trn1.2xlarge", 2},
    {"trn1.32xlarge", 32},
    {"trn1n.32xlarge", 32},
    {"inf2.xlarge", 2},
    {"inf2.8xlarge", 2},
    {"inf2.24xlarge", 12},
    {"inf2.48xlarge", 24},
}};

Offer parse_offer(const pugi::xml_node& item, const std::string& type) {
  Offer offer;
  offer["CPU"] = item.child("vCpuInfo").child("defaultVCpus").text().as_double();
  const double bytes = item.child("memoryInfo").child("sizeInMiB").text().as_double() * 1024 * 1024;
  offer["memory"] = std::floor(bytes * (1 - kObjectStore));
  const pugi::xml_node gpu = item.child("gpuInfo").child("gpus").child("item");
  if (const double count = gpu.child("count").text().as_double(); count > 0) {
    offer["GPU"] = count;
    const std::string name = gpu.child_value("name");
    if (!name.empty()) offer[kAccelerator + name] = 1;
  }
  for (const auto& [name, cores] : kNeuronCores) {
    if (name != type) continue;
    offer["neuron_cores"] = cores;
    offer[std::string(kAccelerator) + "aws-neuron-core"] = 1;
  }
  return offer;
}

std::string file_key(const std::string& region, const std::string& type) {
  return region + "/" + type;
}

}  // namespace

std::map<std::string, Offer> parse_instance_types(const pugi::xml_node& root) {
  std::map<std::string, Offer> offers;
  for (const pugi::xml_node& item : root.child("instanceTypeSet").children("item")) {
    const std::string type = item.child_value("instanceType");
    offers[type] = parse_offer(item, type);
  }
  return offers;
}

Result<std::vector<Offer>> InstanceTypes::offers(const std::vector<std::string>& types,
                                                 Time deadline) {
  const std::lock_guard lock(mutex_);
  load();
  const Time now = clock_.now();
  std::set<std::string> wanted;
  for (const std::string& type : types) {
    const auto known = known_.find(file_key(api_.region(), type));
    if (type.empty() || (known != known_.end() && now - known->second.at < kFor)) continue;
    wanted.insert(type);
  }
  const std::vector<std::string> list(wanted.begin(), wanted.end());
  for (std::size_t begin = 0; begin < list.size(); begin += kMost) {
    const std::size_t end = std::min(begin + kMost, list.size());
    Result<> found = look_up({list.begin() + static_cast<std::ptrdiff_t>(begin),
                              list.begin() + static_cast<std::ptrdiff_t>(end)},
                             deadline);
    if (!found) return found.error();
  }
  if (!list.empty()) save();
  std::vector<Offer> offers;
  for (const std::string& type : types) {
    const auto known = known_.find(file_key(api_.region(), type));
    offers.push_back(known == known_.end() ? Offer{} : known->second.offer);
  }
  return offers;
}

Result<> InstanceTypes::look_up(const std::vector<std::string>& types, Time deadline) {
  Params params;
  add_list(params, "InstanceType", types);
  for (;;) {
    const Reply<Answer> answer = api_.query("ec2", "DescribeInstanceTypes", params, deadline);
    if (!answer && answer.api.code == "InvalidInstanceType") {
      // One of them is not of this region, and EC2 then says nothing of the others.
      if (types.size() == 1) return {};
      for (const std::string& type : types) {
        Result<> found = look_up({type}, deadline);
        if (!found) return found;
      }
      return {};
    }
    if (!answer) return in_context(answer.value.error(), "looking up instance types");
    const pugi::xml_node root = (*answer)->document_element();
    for (auto& [type, offer] : parse_instance_types(root))
      known_[file_key(api_.region(), type)] = {clock_.now(), offer};
    const std::string next = root.child_value("nextToken");
    if (next.empty()) return {};
    params["NextToken"] = next;
  }
}

void InstanceTypes::load() {
  if (loaded_ || cache_.empty()) return;
  loaded_ = true;
  const Result<std::string> bytes = read_file(cache_);
  if (!bytes) return;
  const Json file = Json::parse(*bytes, nullptr, false);
  if (!file.is_object() || !file.contains("types") || !file["types"].is_object()) return;
  for (const auto& [key, entry] : file["types"].items()) {
    if (!entry.is_object() || !entry.contains("at") || !entry["at"].is_string()) continue;
    Known known{.at = parse_time(entry["at"].get<std::string>()), .offer = {}};
    const Json resources = entry.value("resources", Json::object());
    for (const auto& [name, amount] : resources.items()) {
      if (amount.is_number()) known.offer[name] = amount.get<double>();
    }
    if (!known.offer.empty()) known_[key] = std::move(known);
  }
}

void InstanceTypes::save() const {
  if (cache_.empty()) return;
  Json types = Json::object();
  for (const auto& [key, known] : known_)
    types[key] = {{"at", format_time(known.at)}, {"resources", known.offer}};
  if (!make_directories(cache_.parent_path())) return;
  (void)write_file_atomic(cache_, Json{{"version", 1}, {"types", types}}.dump(1) + "\n");
}

}  // namespace rayctl::aws
