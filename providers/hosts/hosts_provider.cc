#include "providers/hosts/hosts_provider.h"

#include <algorithm>
#include <sstream>

#include "base/parallel.h"
#include "base/text.h"
#include "providers/hosts/host_scripts.h"
#include "providers/hosts/host_tags.h"

namespace rayctl::hosts {
namespace {

constexpr std::size_t kAtOnce = 128;
// A run asks several times. A host that took so long to say nothing is not asked again for a while.
constexpr std::chrono::seconds kLong{1}, kSilence{30};

Error failed(const std::string& host, const CommandOutput& output, const std::string& doing) {
  const std::vector<std::string> said = last_lines(output.err, 1);
  const std::string why =
      said.empty() ? "exit code " + std::to_string(output.exit_code) : said.back();
  return unknown_outcome(ErrorCode::kCommandFailed,
                         "cannot " + doing + " host " + host + ": " + why);
}

std::string tag(const Tags& tags, const char* key) {
  const auto found = tags.find(key);
  return found == tags.end() ? "" : found->second;
}

/// "cluster demo (id 5f2d) has it as worker-2".
std::string owner(const Tags& tags) {
  std::string text =
      "cluster " + tag(tags, kTagClusterName) + " (id " + tag(tags, kTagClusterId) + ") has it";
  const std::string node = tag(tags, kTagNode);
  return node.empty() ? text : text + " as " + node;
}

}  // namespace

HostsProvider::HostsProvider(HostsSettings settings) : settings_(std::move(settings)) {}

bool HostsProvider::known(const std::string& host) const {
  if (host == settings_.head) return true;
  const auto& workers = settings_.workers;
  if (std::find(workers.begin(), workers.end(), host) != workers.end()) return true;
  if (!settings_.recorded) return false;
  const std::vector<CloudNode> recorded = settings_.recorded();
  return std::any_of(recorded.begin(), recorded.end(),
                     [&](const CloudNode& node) { return node.id.text == host; });
}

std::string HostsProvider::why_unwanted(const CloudNode& node) const {
  const std::string& host = node.id.text;
  const auto& workers = settings_.workers;
  const bool is_head = host == settings_.head;
  const bool is_worker = std::find(workers.begin(), workers.end(), host) != workers.end();
  if (node.head) return is_head ? "" : "provider.head_ip is now " + settings_.head;
  if (is_head) return "host " + host + " is now provider.head_ip";
  return is_worker ? "" : "host " + host + " is no longer in provider.worker_ips";
}

CloudNode HostsProvider::machine(const std::string& host, const Tags& tags) const {
  CloudNode node{.id = {host}, .power = Power::kRunning, .internal_ip = host, .tags = tags};
  node.tags.erase(kTagHost);
  read_tags(node);
  if (host == settings_.head) node.external_ip = settings_.external_head;
  node.unwanted = why_unwanted(node);
  return node;
}

std::vector<CloudNode> HostsProvider::standing() const {
  std::vector<CloudNode> all{machine(settings_.head, {})};
  for (const std::string& host : settings_.workers)
    all.push_back(machine(host, {}));
  return all;
}

Result<std::vector<std::map<std::string, double>>> HostsProvider::machine_resources(
    const std::vector<Json>& node_configs, Time deadline) {
  const std::vector<std::string>& hosts = settings_.workers;
  std::mutex mutex;
  std::map<std::string, double> least;
  for_each_index(hosts.size(), kAtOnce, [&](std::size_t at) {
    const Result<CommandOutput> ran = run(hosts[at], size_script(), "", "", deadline);
    if (!ran || ran->exit_code != 0) return;
    double cpus = 0, gpus = 0;
    std::istringstream words(ran->out);
    if (!(words >> cpus >> gpus)) return;
    const std::lock_guard lock(mutex);
    for (const auto& [name, count] : {std::pair("CPU", cpus), std::pair("GPU", gpus)}) {
      const auto [known, first] = least.try_emplace(name, count);
      if (!first) known->second = std::min(known->second, count);
    }
  });
  std::erase_if(least, [](const auto& each) { return each.second <= 0; });
  return std::vector(node_configs.size(), least);
}

Result<CommandOutput> HostsProvider::run(const std::string& host, const std::string& script,
                                         const std::string& argument, const std::string& input,
                                         Time deadline) {
  Result<std::unique_ptr<CommandRunner>> runner = settings_.runner(host);
  if (!runner) return runner.error();
  Command command{{"sh", "-c", script, "rayctl-host", argument}, {}, input};
  command.plain = true;
  return (*runner)->run(command, deadline);
}

HostsProvider::Seen HostsProvider::look(const std::string& host, Time deadline) {
  if (std::string why = known_silence(host); !why.empty()) return {std::move(why), {}};
  const Steady::time_point asked = Steady::now();
  Result<CommandOutput> ran = run(host, look_script(), "", "", deadline);
  if (!ran) {
    const std::string& why = ran.error().message;
    if (Steady::now() - asked >= kLong) {
      const std::lock_guard lock(mutex_);
      silent_[host] = {Steady::now() + kSilence, why};
    }
    return {.unseen = why, .tags = {}};
  }
  if (ran->exit_code != 0) return {.unseen = failed(host, *ran, "look at").message, .tags = {}};
  return {.unseen = "", .tags = parse_tags(ran->out)};
}

std::string HostsProvider::known_silence(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = silent_.find(host);
  return found != silent_.end() && Steady::now() < found->second.until ? found->second.why : "";
}

std::map<std::string, HostsProvider::Seen> HostsProvider::look_at(
    const std::set<std::string>& hosts, Time deadline) {
  std::map<std::string, Seen> seen;
  for (const std::string& host : hosts)
    seen[host];
  const std::vector<std::string> each(hosts.begin(), hosts.end());
  for_each_index(each.size(), kAtOnce,
                 [&](std::size_t at) { seen.at(each[at]) = look(each[at], deadline); });
  for (const auto& [host, what] : seen) {
    if (what.unseen.empty()) remember(host, what.tags);
  }
  return seen;
}

void HostsProvider::remember(const std::string& host, const Tags& tags) {
  const std::lock_guard lock(mutex_);
  clusters_[host] = tag(tags, kTagClusterId);
}

std::string HostsProvider::expected_cluster(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = clusters_.find(host);
  return found == clusters_.end() ? "" : found->second;
}

Result<std::vector<CloudNode>> HostsProvider::list(const ClusterName& cluster, Time deadline) {
  std::map<std::string, CloudNode> recorded;
  if (settings_.recorded) {
    for (CloudNode& node : settings_.recorded())
      recorded.emplace(node.id.text, node);
  }
  std::set<std::string> hosts(settings_.workers.begin(), settings_.workers.end());
  hosts.insert(settings_.head);
  for (const auto& [host, node] : recorded)
    hosts.insert(host);

  std::vector<CloudNode> nodes;
  for (const auto& [host, seen] : look_at(hosts, deadline)) {
    const auto record = recorded.find(host);
    if (!seen.unseen.empty()) {
      CloudNode node = record != recorded.end() ? record->second : machine(host, {});
      node.unseen = seen.unseen;
      node.unwanted.clear();
      nodes.push_back(std::move(node));
    } else if (tag(seen.tags, kTagClusterName) == cluster.text &&
               tag(seen.tags, kTagHost) == host) {
      nodes.push_back(machine(host, seen.tags));
    }
  }
  return nodes;
}

Result<Tags> HostsProvider::take(const std::string& host, const LaunchRequest& request,
                                 Time deadline) {
  Tags tags = request.tags;
  tags[kTagClusterName] = request.cluster.text;
  tags[kTagOp] = request.token.text;
  tags[kTagHost] = host;
  Result<CommandOutput> ran =
      run(host, take_script(), request.token.text, format_tags(tags), deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return failed(host, *ran, "take");
  Tags now = parse_tags(ran->out);
  remember(host, now);
  return now;
}

Result<std::vector<CloudNode>> HostsProvider::create(const LaunchRequest& request, Time deadline) {
  const bool head = request.spec->head;
  std::vector<std::string> candidates = settings_.workers;
  if (head) candidates = {settings_.head};
  const std::size_t wanted = request.nodes.size();
  const auto ours = [&](const std::string& host, const Tags& tags) {
    return tag(tags, kTagOp) == request.token.text && tag(tags, kTagHost) == host;
  };

  std::map<std::string, Seen> seen = look_at({candidates.begin(), candidates.end()}, deadline);
  std::optional<Error> lost;
  const auto count = [&] {
    return static_cast<std::size_t>(std::count_if(seen.begin(), seen.end(), [&](const auto& each) {
      return each.second.unseen.empty() && ours(each.first, each.second.tags);
    }));
  };
  for (auto next = candidates.begin(); count() < wanted && next != candidates.end();) {
    std::vector<std::string> free;
    for (; next != candidates.end() && count() + free.size() < wanted; ++next) {
      if (seen.at(*next).unseen.empty() && seen.at(*next).tags.empty()) free.push_back(*next);
    }
    std::mutex mutex;
    for_each_index(free.size(), kAtOnce, [&](std::size_t at) {
      const std::string& host = free[at];
      Result<Tags> now = take(host, request, deadline);
      const std::lock_guard lock(mutex);
      if (now) {
        seen.at(host).tags = *std::move(now);
      } else {
        seen.at(host).unseen = now.error().message;
        if (now.error().fault == Fault::kUnknown) lost = now.error();
      }
    });
  }

  std::vector<CloudNode> made;
  std::vector<std::string> reasons;
  for (const std::string& host : candidates) {
    const Seen& each = seen.at(host);
    if (!each.unseen.empty()) {
      reasons.push_back("host " + host + " does not answer: " + each.unseen);
    } else if (ours(host, each.tags)) {
      made.push_back(machine(host, each.tags));
    } else if (tag(each.tags, kTagOp) == request.token.text) {
      reasons.push_back("host " + host + " has the home folder of host " +
                        tag(each.tags, kTagHost) + ", or is the same machine");
    } else if (!each.tags.empty() &&
               tag(each.tags, kTagClusterId) != tag(request.tags, kTagClusterId)) {
      reasons.push_back("host " + host + " is taken: " + owner(each.tags));
    } else if (!each.tags.empty() && (tag(each.tags, kTagNodeKind) == "head") != head) {
      reasons.push_back("host " + host + " is still in use: " + owner(each.tags));
    }
  }
  if (made.size() >= wanted) return made;
  if (made.empty() && lost) return *lost;
  if (reasons.empty()) {
    reasons.push_back("provider.worker_ips names no other host that is free");
  }
  const std::string why = join(reasons, "; ");
  if (made.empty()) return permanent(ErrorCode::kLaunchFailed, why);
  if (request.why_fewer != nullptr) *request.why_fewer = why;
  return made;
}

Result<> HostsProvider::set_tags(const CloudId& id, const Tags& tags, Time deadline) {
  if (!known(id.text)) {
    return permanent(ErrorCode::kProviderRefused, "there is no host " + id.text);
  }
  Result<CommandOutput> ran =
      run(id.text, tag_script(), expected_cluster(id.text), format_tags(tags), deadline);
  if (!ran) return ran.error();
  if (ran->exit_code == 0) return {};
  if (ran->exit_code == kNotOurs) {
    return permanent(ErrorCode::kProviderRefused, "host " + id.text + " is no longer ours");
  }
  return failed(id.text, *ran, "tag");
}

Result<> HostsProvider::terminate(const CloudId& id, Time deadline) {
  const std::string& host = id.text;
  if (!known(host)) return {};
  const std::string cluster = expected_cluster(host);
  Result<CommandOutput> looked = run(host, look_script(), "", "", deadline);
  if (!looked) return looked.error();
  if (looked->exit_code != 0) return failed(host, *looked, "look at");
  const Tags tags = parse_tags(looked->out);
  if (tags.empty() || (!cluster.empty() && tag(tags, kTagClusterId) != cluster)) return {};
  if (settings_.empty_host) {
    Result<> emptied = settings_.empty_host(machine(host, tags), deadline);
    if (!emptied) return emptied;
  }
  Result<CommandOutput> ran = run(host, release_script(), tag(tags, kTagClusterId), "", deadline);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return failed(host, *ran, "release");
  return {};
}

}  // namespace rayctl::hosts
