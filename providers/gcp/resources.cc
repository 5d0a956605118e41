#include "providers/gcp/resources.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/parallel.h"
#include "base/text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/key_pair.h"
#include "providers/gcp/service_account.h"
#include "providers/key_files.h"

namespace rayctl::gcp {
namespace {

Error no_such(const ResourceName& name) {
  return permanent(ErrorCode::kNotSupported, "there is no resource `" + name.text + "` on GCP");
}

Error no_firewall() {
  return permanent(ErrorCode::kNotSupported,
                   "the config brings its own network interfaces: change the firewall rules of "
                   "their networks where they were made");
}

/// An account that was found keeps its own name: that of a head that Ray's launcher made, say.
std::string recorded_elsewhere(const ResourceScope& scope, const GcePlace& place) {
  const auto record = scope.known.find({kServiceAccountResource});
  if (record == scope.known.end() || record->second.ours) return "";
  if (!record->second.id.empty()) return record->second.id;
  return account_email(record->second.title, place.project);
}

}  // namespace

ResourceSettings resource_settings(const Config& config, const WantedFacts& facts) {
  ResourceSettings settings;
  settings.wanted = wanted_resources(config, facts);
  settings.place = facts.place;
  settings.ssh_user = text_of(config.auth, "ssh_user");
  settings.given_key = text_of(config.auth, "ssh_private_key");
  settings.needs_network =
      std::any_of(config.node_types.begin(), config.node_types.end(), needs_network);
  settings.use_internal_ips =
      config.provider_settings.value("use_internal_ips", Json()) == Json(true);
  return settings;
}

Resources::Resources(Api& api, Clock& clock, ResourceSettings settings)
    : api_(api),
      clock_(clock),
      settings_(std::move(settings)),
      subnetworks_(api, settings_.place) {}

ResourceJob Resources::job(const ResourceScope& scope, Time deadline) const {
  return {api_, clock_, settings_.place, scope, deadline};
}

FirewallFacts Resources::firewall_facts() const {
  const auto network = [this](Time deadline) -> Result<std::string> {
    Result<Subnetwork> chosen = subnetworks_.chosen(deadline);
    if (!chosen) return chosen.error();
    return chosen->network;
  };
  return {.network = network, .my_address = settings_.my_address, .who = settings_.who};
}

const ResourceSpec* Resources::wanted(const char* name) const {
  const auto found = std::find_if(settings_.wanted.begin(), settings_.wanted.end(),
                                  [&](const ResourceSpec& spec) { return spec.name.text == name; });
  return found == settings_.wanted.end() ? nullptr : &*found;
}

ResourceScope Resources::with_id(const ResourceScope& scope) const {
  ResourceScope result = scope;
  if (!result.cluster_id.empty()) return result;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, seen] : seen_) {
    if (seen.exclusive && seen.cluster) result.cluster_id = *seen.cluster;
  }
  return result;
}

Result<ResourceScope> Resources::without_lost_key(const ResourceScope& scope, Time deadline) const {
  const auto record = scope.known.find({kKeyPairResource});
  if (record == scope.known.end() || !record->second.ours) return scope;
  if (is_there(rayctl::key_file(settings_.home, record->second.title))) return scope;
  const Reply<std::vector<GceInstance>> all =
      instances_of(api_, settings_.place, scope.cluster, deadline);
  if (!all) return all.value.error();
  const std::string& key = record->second.id;
  const bool used = std::any_of(all->begin(), all->end(), [&](const GceInstance& instance) {
    return instance.ssh_keys.find(key) != std::string::npos;
  });
  if (used) return scope;
  ResourceScope without = scope;
  without.known.erase(record->first);
  return without;
}

Result<Resources::Look> Resources::look(const ResourceScope& scope, const ResourceSpec& spec,
                                        Time deadline) const {
  const ResourceJob at = job(scope, deadline);
  if (spec.name.text == kKeyPairResource) {
    const Result<ResourceScope> known = without_lost_key(scope, deadline);
    if (!known) return known.error();
    const auto pair = find_key_pair(*known, settings_.home, spec.want);
    if (!pair) return pair.error();
    return Look{{spec.name, pair->name, pair->public_line, pair->cluster, ""},
                pair->blocked,
                {},
                pair->file};
  }
  if (spec.name.text == kFirewallResource) {
    const auto record = scope.known.find(spec.name);
    if (record != scope.known.end() && is_networks_own(record->second.id)) {
      return as_recorded(scope, spec.name);
    }
    const auto rules = find_firewall(at, firewall_facts(), spec.want);
    if (!rules) return rules.error();
    const std::string id = rules->there ? rules->tag : "";
    return Look{{spec.name, rules->tag, id, rules->cluster, rules->differs, rules->there},
                rules->blocked,
                rules->notes};
  }
  if (spec.name.text != kServiceAccountResource) return no_such(spec.name);
  if (const std::string email = recorded_elsewhere(scope, settings_.place); !email.empty()) {
    const auto found = look_at_account(at, email);
    if (!found) return found.error();
    if (!found->email.empty())
      return Look{{spec.name, found->account_id, found->email, found->cluster, ""}, {}, {}};
  }
  const auto account = find_service_account(at, spec.want);
  if (!account) return account.error();
  return Look{{spec.name, account->account_id, account->email, account->cluster, account->differs,
               account->cluster.has_value()},
              {},
              {}};
}

Result<Resources::Look> Resources::bring_about(const ResourceScope& scope, const ResourceSpec& spec,
                                               Time deadline) const {
  const ResourceJob at = job(scope, deadline);
  if (spec.name.text == kKeyPairResource) {
    const Result<ResourceScope> known = without_lost_key(scope, deadline);
    if (!known) return known.error();
    const auto pair = make_key_pair(*known, settings_.home, spec.want);
    if (!pair) return pair.error();
    return Look{{spec.name, pair->name, pair->public_line, pair->cluster, ""}, {}, {}, pair->file};
  }
  if (spec.name.text == kFirewallResource) {
    const auto rules = make_firewall(at, firewall_facts(), spec.want);
    if (!rules) return rules.error();
    return Look{{spec.name, rules->tag, rules->tag, rules->cluster, "", true}, {}, {}};
  }
  if (spec.name.text != kServiceAccountResource) return no_such(spec.name);
  const auto account = make_service_account(at, spec.want);
  if (!account) return account.error();
  return Look{{spec.name, account->account_id, account->email, account->cluster, "", true}, {}, {}};
}

Resources::Look Resources::as_recorded(const ResourceScope& scope, const ResourceName& name) const {
  const ResourceRecord& record = scope.known.at(name);
  Look result;
  result.seen = {name, record.title, record.id, std::nullopt, ""};
  if (record.ours) result.seen.cluster = scope.cluster_id;
  return result;
}

Result<SeenResources> Resources::list(const ResourceScope& scope, Time deadline) {
  SeenResources result;
  result.wanted = settings_.wanted;
  std::vector<std::optional<Result<Look>>> looks(result.wanted.size());
  const auto look_at = [&](std::size_t at, const ResourceScope& as) {
    const ResourceSpec& spec = settings_.wanted[at];
    const bool recorded = scope.known.contains(spec.name) && !scope.thorough;
    if (recorded && spec.name.text == kServiceAccountResource) {
      looks[at] = as_recorded(scope, spec.name);
    } else {
      looks[at] = look(as, spec, deadline);
    }
    if (*looks[at]) remember(**looks[at]);
  };
  for_each_index(result.wanted.size(), result.wanted.size(), [&](std::size_t at) {
    if (settings_.wanted[at].name.text != kKeyPairResource) look_at(at, scope);
  });
  // Of which cluster a key here is may only be known from the others.
  const ResourceScope known = with_id(scope);
  for (std::size_t at = 0; at < looks.size(); ++at) {
    if (!looks[at]) look_at(at, known);
    if (!*looks[at]) return looks[at]->error();
    take(**looks[at], known, result.wanted[at], result);
  }
  for (const auto& [name, record] : scope.known) {
    if (wanted(name.text.c_str()) == nullptr) result.seen.push_back(as_recorded(scope, name).seen);
  }
  return result;
}

void Resources::take(Look& found, const ResourceScope& scope, ResourceSpec& spec,
                     SeenResources& result) {
  spec.title = found.seen.title;
  result.blocked.insert(result.blocked.end(), found.blocked.begin(), found.blocked.end());
  result.notes.insert(result.notes.end(), found.notes.begin(), found.notes.end());
  if (found.seen.id.empty()) {
    forget(found.seen.name);
    return;
  }
  const bool own = !scope.cluster_id.empty() && found.seen.cluster == scope.cluster_id;
  if (!own && !scope.known.contains(found.seen.name)) {
    result.notes.push_back("the " + found.seen.name.text + " " + found.seen.title +
                           " is there already: it is used as it is, and `down` leaves it");
  }
  result.seen.push_back(std::move(found.seen));
}

Result<SeenResource> Resources::make(const ResourceScope& scope, const ResourceSpec& spec,
                                     Time deadline) {
  if (scope.cluster_id.empty())
    return permanent(ErrorCode::kInternal, "a resource cannot be made without a cluster id");
  Result<Look> made = bring_about(scope, spec, deadline);
  if (!made) return made.error();
  remember(*made);
  return std::move(made->seen);
}

Result<> Resources::remove(const ResourceScope& scope, const ResourceName& name, Time deadline) {
  const ResourceJob at = job(scope, deadline);
  Result<> removed = no_such(name);
  if (name.text == kKeyPairResource) removed = remove_key_pairs(scope, settings_.home);
  if (name.text == kFirewallResource) removed = remove_firewall(at);
  if (name.text == kServiceAccountResource) {
    const ResourceSpec* const spec = wanted(kServiceAccountResource);
    removed = remove_service_account(at, "", spec == nullptr ? Json::object() : spec->want);
  }
  if (removed) forget(name);
  return removed;
}

void Resources::remember(const Look& look) {
  if (look.seen.id.empty()) return;
  const std::lock_guard lock(mutex_);
  seen_[look.seen.name] = look.seen;
  if (look.seen.name.text == kKeyPairResource) key_file_ = look.key_file;
}

void Resources::forget(const ResourceName& name) {
  const std::lock_guard lock(mutex_);
  seen_.erase(name);
  if (name.text == kKeyPairResource) key_file_.clear();
}

std::string Resources::key_file() const {
  const std::lock_guard lock(mutex_);
  return key_file_;
}

Result<std::string> Resources::id_for_launch(const ResourceScope& scope, const char* name,
                                             Time deadline) {
  const ResourceSpec* const spec = wanted(name);
  if (spec == nullptr) return std::string();
  {
    const std::lock_guard lock(mutex_);
    if (const auto seen = seen_.find(spec->name); seen != seen_.end()) return seen->second.id;
  }
  const auto record = scope.known.find(spec->name);
  if (record != scope.known.end() && !record->second.id.empty()) return record->second.id;
  Result<Look> found = look(with_id(scope), *spec, deadline);
  if (!found) return found.error();
  remember(*found);
  return found->seen.id;
}

Result<std::vector<std::string>> Resources::ssh_keys(const ResourceScope& scope, Time deadline) {
  const auto lines = [this](const std::string& key) {
    return std::vector<std::string>{settings_.ssh_user + ":" + key + " " + settings_.ssh_user};
  };
  if (!settings_.given_key.empty()) {
    const auto key = public_half(expand_home(settings_.given_key, settings_.home));
    return key ? lines(*key) : keys_of_head(scope, deadline);
  }
  const Result<std::string> key = id_for_launch(scope, kKeyPairResource, deadline);
  if (!key) return key.error();
  return is_public_key(*key) ? lines(*key) : keys_of_head(scope, deadline);
}

Result<std::vector<std::string>> Resources::keys_of_head(const ResourceScope& scope,
                                                         Time deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (head_keys_) return *head_keys_;
  }
  const Reply<std::vector<GceInstance>> all =
      instances_of(api_, settings_.place, scope.cluster, deadline);
  if (!all) return all.value.error();
  std::vector<std::string> keys;
  for (const GceInstance& instance : *all) {
    const CloudNode& node = instance.node;
    const bool other = !scope.cluster_id.empty() && node.cluster != scope.cluster_id;
    if (other || !node.head || node.power != Power::kRunning) continue;
    for (const std::string& line : split(instance.ssh_keys, '\n')) {
      if (!trim(line).empty()) keys.push_back(trim(line));
    }
  }
  const std::lock_guard lock(mutex_);
  if (!keys.empty()) head_keys_ = keys;
  return keys;
}

Result<LaunchParts> Resources::for_launch(const ResourceScope& scope, bool head, Time deadline) {
  LaunchParts parts;
  parts.external_address = !settings_.use_internal_ips;
  const Result<std::string> tag = id_for_launch(scope, kFirewallResource, deadline);
  if (!tag) return tag.error();
  if (!is_networks_own(*tag)) parts.network_tag = *tag;
  if (head) {
    const Result<std::string> account = id_for_launch(scope, kServiceAccountResource, deadline);
    if (!account) return account.error();
    parts.service_account = *account;
  }
  if (settings_.needs_network) {
    const Result<Subnetwork> chosen = subnetworks_.chosen(deadline);
    if (!chosen) return chosen.error();
    parts.network = chosen->network;
    parts.subnetwork = chosen->url;
  }
  Result<std::vector<std::string>> keys = ssh_keys(with_id(scope), deadline);
  if (!keys) return keys.error();
  parts.ssh_keys = *std::move(keys);
  return parts;
}

Result<std::vector<SshAccess>> Resources::list_access(const ResourceScope& scope, Time deadline) {
  const ResourceSpec* const spec = wanted(kFirewallResource);
  if (spec == nullptr) return no_firewall();
  return list_ssh_access(job(scope, deadline), spec->want);
}

Result<> Resources::add_access(const ResourceScope& scope, const std::string& cidr,
                               const std::string& who, Time deadline) {
  const ResourceSpec* const spec = wanted(kFirewallResource);
  if (spec == nullptr) return no_firewall();
  return add_ssh_access(job(scope, deadline), spec->want, cidr, who);
}

Result<std::vector<SshAccess>> Resources::remove_access(const ResourceScope& scope,
                                                        const std::string& cidr_or_who,
                                                        Time deadline) {
  if (wanted(kFirewallResource) == nullptr) return no_firewall();
  return remove_ssh_access(job(scope, deadline), cidr_or_who);
}

}  // namespace rayctl::gcp
