#include "tests/aws_ec2/fake_ec2.h"

#include <algorithm>

#include "providers/aws/query_params.h"

namespace rayctl::aws {
namespace {

Reply<Answer> fails(const std::string& code, const std::string& message,
                    Fault fault = Fault::kPermanent) {
  return {Error{fault, ErrorCode::kProviderRefused, code + ": " + message, {}},
          {400, code, message}};
}

Reply<Answer> answer(std::shared_ptr<pugi::xml_document> document) {
  return {Answer(std::move(document)), {}};
}

void put(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_child(name).text().set(value.c_str());
}

std::string get(const Params& params, const std::string& name) {
  const auto found = params.find(name);
  return found == params.end() ? "" : found->second;
}

std::vector<std::string> list(const Params& params, const std::string& name) {
  std::vector<std::string> values;
  for (int i = 1; params.contains(name + "." + std::to_string(i)); ++i)
    values.push_back(params.at(name + "." + std::to_string(i)));
  return values;
}

Tags read_pairs(const Params& params, const std::string& prefix) {
  Tags tags;
  for (int i = 1;; ++i) {
    const std::string tag = prefix + "Tag." + std::to_string(i);
    if (!params.contains(tag + ".Key")) return tags;
    tags[params.at(tag + ".Key")] = get(params, tag + ".Value");
  }
}

Tags launch_tags_of(const Params& params, const std::string& kind) {
  for (int i = 1;; ++i) {
    const std::string entry = "TagSpecification." + std::to_string(i) + ".";
    if (!params.contains(entry + "ResourceType")) return {};
    if (params.at(entry + "ResourceType") == kind) return read_pairs(params, entry);
  }
}

std::string subnet_of(const Params& params) {
  return params.contains("SubnetId") ? params.at("SubnetId")
                                     : get(params, "NetworkInterface.1.SubnetId");
}

bool passes(const FakeEc2::Machine& machine, const Params& params) {
  for (int i = 1;; ++i) {
    const std::string filter = "Filter." + std::to_string(i);
    if (!params.contains(filter + ".Name")) return true;
    const std::string name = params.at(filter + ".Name");
    const std::vector<std::string> values = list(params, filter + ".Value");
    std::string own;
    if (name == "instance-id") own = machine.id;
    if (name == "instance-state-name") own = machine.state;
    if (name.starts_with("tag:") && machine.tags.contains(name.substr(4))) {
      own = machine.tags.at(name.substr(4));
    }
    if (std::find(values.begin(), values.end(), own) == values.end()) return false;
  }
}

void write(pugi::xml_node set, const FakeEc2::Machine& machine) {
  pugi::xml_node item = set.append_child("item");
  put(item, "instanceId", machine.id);
  put(item.append_child("instanceState"), "name", machine.state);
  put(item, "instanceType", machine.type);
  put(item, "privateIpAddress", "10.0.0." + machine.id.substr(2));
  put(item, "subnetId", machine.subnet);
  put(item, "clientToken", machine.token);
  put(item.append_child("placement"), "availabilityZone", machine.zone);
  if (machine.spot) put(item, "instanceLifecycle", "spot");
  pugi::xml_node tags = item.append_child("tagSet");
  for (const auto& [key, value] : machine.tags) {
    pugi::xml_node tag = tags.append_child("item");
    put(tag, "key", key);
    put(tag, "value", value);
  }
}

}  // namespace

FakeEc2::FakeEc2() {
  for (const char* letter : {"a", "b", "c"}) {
    subnets.push_back({.id = std::string("subnet-") + letter,
                       .vpc = "vpc-1",
                       .zone = std::string("us-west-2") + letter,
                       .state = "available",
                       .public_ip = true});
  }
  groups["sg-1"] = "vpc-1";
}

FakeEc2::Machine& FakeEc2::add(Machine machine) {
  if (machine.id.empty()) machine.id = "i-" + std::to_string(machines.size() + 1);
  return machines[machine.id] = machine;
}

std::vector<FakeEc2::Machine> FakeEc2::living() const {
  const std::lock_guard lock(mutex_);
  std::vector<Machine> all;
  for (const auto& [id, machine] : machines) {
    if (machine.state == "pending" || machine.state == "running") all.push_back(machine);
  }
  return all;
}

int FakeEc2::calls(const std::string& action) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(action);
  return found == calls_.end() ? 0 : found->second;
}

Reply<Answer> FakeEc2::query(const std::string& /*service*/, const std::string& action,
                             Params params, Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  if (before) before(action);
  ++calls_[action];
  if (auto once = refuse_once.find(action); once != refuse_once.end() && once->second-- > 0) {
    return fails("RequestLimitExceeded", "too fast", Fault::kTransient);
  }
  Reply<Answer> reply = act(action, params);
  if (after) after(action);
  if (loses && loses(action)) {
    return {unknown_outcome(ErrorCode::kProviderUnavailable, "no answer"), {}};
  }
  return reply;
}

Reply<Answer> FakeEc2::act(const std::string& action, const Params& params) {
  if (action == "RunInstances") return run(params);
  if (action == "DescribeInstances") return describe(params);
  if (action == "DescribeInstanceTypes") return describe_types(params);
  auto document = std::make_shared<pugi::xml_document>();
  pugi::xml_node root = document->append_child("Response");
  if (action == "DescribeSubnets") {
    pugi::xml_node set = root.append_child("subnetSet");
    for (const Subnet& subnet : subnets) {
      pugi::xml_node item = set.append_child("item");
      put(item, "subnetId", subnet.id);
      put(item, "vpcId", subnet.vpc);
      put(item, "availabilityZone", subnet.zone);
      put(item, "state", subnet.state);
      put(item, "mapPublicIpOnLaunch", subnet.public_ip ? "true" : "false");
    }
    return answer(document);
  }
  if (action == "DescribeLaunchTemplateVersions") {
    const std::string version = get(params, "LaunchTemplateVersion.1");
    const auto found = templates.find(get(params, "LaunchTemplateName") + " " + version);
    if (found == templates.end()) return fails("InvalidLaunchTemplateName.NotFoundException", "");
    pugi::xml_node item = root.append_child("launchTemplateVersionSet").append_child("item");
    put(item.append_child("launchTemplateData"), "userData", base64(found->second));
    return answer(document);
  }
  if (action == "DescribeSecurityGroups") {
    pugi::xml_node set = root.append_child("securityGroupInfo");
    for (const std::string& id : list(params, "Filter.1.Value")) {
      if (groups.contains(id)) put(set.append_child("item"), "vpcId", groups[id]);
    }
    return answer(document);
  }
  return change(action, params);
}

Reply<Answer> FakeEc2::run(const Params& params) {
  launches.push_back(params);
  const std::string token = get(params, "ClientToken");
  if (const auto done = done_.find(token); done != done_.end()) {
    if (done->second.params != params) {
      return fails("IdempotentParameterMismatch", "used before with other parameters");
    }
    const auto gone = [&](const std::string& id) { return machines[id].state == "terminated"; };
    if (std::all_of(done->second.ids.begin(), done->second.ids.end(), gone)) {
      return fails("IdempotentInstanceTerminated", "terminated since");
    }
    return show(done->second.ids);
  }
  const std::string subnet = subnet_of(params);
  const auto place = std::find_if(subnets.begin(), subnets.end(),
                                  [&](const Subnet& one) { return one.id == subnet; });
  if (place == subnets.end()) return fails("InvalidSubnetID.NotFound", subnet);
  const bool spot = params.contains("InstanceMarketOptions.MarketType");
  const Slot slot{place->zone, spot ? "spot" : "on-demand"};
  if (const auto code = refuses.find(slot); code != refuses.end()) {
    return fails(code->second, "not in " + place->zone);
  }
  int count = std::stoi(get(params, "MaxCount"));
  if (const auto left = capacity.find(slot); left != capacity.end()) {
    if (left->second == 0) {
      return fails("InsufficientInstanceCapacity", "none left in " + place->zone);
    }
    count = std::min(count, left->second);
    left->second -= count;
  }
  Done made{params, {}};
  for (int i = 0; i < count; ++i) {
    made.ids.push_back(add({.type = get(params, "InstanceType"),
                            .zone = place->zone,
                            .subnet = subnet,
                            .token = token,
                            .spot = spot,
                            .tags = launch_tags_of(params, "instance"),
                            .volume_tags = launch_tags_of(params, "volume"),
                            .hidden = lag})
                           .id);
  }
  done_[token] = made;
  return show(made.ids);
}

Reply<Answer> FakeEc2::show(const std::vector<std::string>& ids) const {
  auto document = std::make_shared<pugi::xml_document>();
  pugi::xml_node set = document->append_child("Response").append_child("instancesSet");
  for (const std::string& id : ids)
    write(set, machines.at(id));
  return answer(document);
}

Reply<Answer> FakeEc2::describe(const Params& params) {
  std::vector<std::string> ids;
  for (auto& [id, machine] : machines) {
    if (machine.hidden > 0) {
      --machine.hidden;
    } else if (passes(machine, params)) {
      ids.push_back(id);
    }
  }
  const std::string from = get(params, "NextToken");
  const std::size_t begin = from.empty() ? 0 : std::stoul(from);
  const std::size_t end = std::min(ids.size(), begin + page);
  auto document = std::make_shared<pugi::xml_document>();
  pugi::xml_node root = document->append_child("Response");
  pugi::xml_node reservations = root.append_child("reservationSet");
  for (std::size_t i = begin; i < end; ++i)
    write(reservations.append_child("item").append_child("instancesSet"), machines.at(ids[i]));
  if (end < ids.size()) put(root, "nextToken", std::to_string(end));
  return answer(document);
}

Reply<Answer> FakeEc2::change(const std::string& action, const Params& params) {
  const bool tags = action.ends_with("Tags");
  const std::vector<std::string> ids = list(params, tags ? "ResourceId" : "InstanceId");
  for (const std::string& id : ids) {
    const auto found = machines.find(id);
    if (found == machines.end() || found->second.hidden > 0) {
      if (found != machines.end()) --found->second.hidden;
      return fails("InvalidInstanceID.NotFound", "The instance ID '" + id + "' does not exist");
    }
    const Machine& machine = found->second;
    if (action == "StopInstances" && machine.spot) return fails("UnsupportedOperation", id);
    const Slot slot{machine.zone, "on-demand"};
    if (action == "StartInstances" && capacity.contains(slot) && capacity[slot] == 0 &&
        machine.state == "stopped") {
      return fails("InsufficientInstanceCapacity", "none left in " + machine.zone);
    }
  }
  const Tags pairs = read_pairs(params, "");
  for (const std::string& id : ids) {
    Machine& machine = machines[id];
    for (const auto& [key, value] : pairs) {
      if (action == "CreateTags") machine.tags[key] = value;
      if (action == "DeleteTags") machine.tags.erase(key);
    }
    if (action == "TerminateInstances") machine.state = "terminated";
    if (action == "StopInstances") machine.state = "stopped";
    if (action == "StartInstances" && machine.state == "stopped") machine.state = "pending";
  }
  return answer(std::make_shared<pugi::xml_document>());
}

Reply<Answer> FakeEc2::describe_types(const Params& params) const {
  auto document = std::make_shared<pugi::xml_document>();
  pugi::xml_node root = document->append_child("Response");
  pugi::xml_node set = root.append_child("instanceTypeSet");
  const std::vector<std::string> wanted = list(params, "InstanceType");
  const std::string from = get(params, "NextToken");
  const std::size_t begin = from.empty() ? 0 : std::stoul(from);
  for (const std::string& type : wanted) {
    if (!types.contains(type)) return fails("InvalidInstanceType", "do not exist: [" + type + "]");
  }
  const std::size_t end = std::min(wanted.size(), begin + page);
  for (std::size_t i = begin; i < end; ++i) {
    const Json& facts = types.at(wanted[i]);
    pugi::xml_node item = set.append_child("item");
    put(item, "instanceType", wanted[i]);
    put(item.append_child("vCpuInfo"), "defaultVCpus", facts["vcpus"].dump());
    put(item.append_child("memoryInfo"), "sizeInMiB", facts["mib"].dump());
    if (!facts.contains("gpu")) continue;
    pugi::xml_node gpu = item.append_child("gpuInfo").append_child("gpus").append_child("item");
    put(gpu, "name", facts["gpu"].get<std::string>());
    put(gpu, "count", facts["gpus"].dump());
  }
  if (end < wanted.size()) put(root, "nextToken", std::to_string(end));
  return answer(document);
}

Reply<Json> FakeEc2::json(const std::string& /*service*/, const std::string& target,
                          const Json& body, Time /*deadline*/) {
  const std::lock_guard lock(mutex_);
  ++calls_[target];
  const std::string name = body.value("Name", "");
  const auto found = parameters.find(name);
  if (target != "AmazonSSM.GetParameter" || found == parameters.end()) {
    return {permanent(ErrorCode::kProviderRefused, "ParameterNotFound"),
            {400, "ParameterNotFound", name}};
  }
  return {Json{{"Parameter", {{"Name", name}, {"Value", found->second}}}}, {}};
}

}  // namespace rayctl::aws
