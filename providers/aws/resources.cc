#include "providers/aws/resources.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/parallel.h"
#include "providers/aws/iam.h"
#include "providers/aws/key_pair.h"
#include "providers/key_files.h"

namespace rayctl::aws {
namespace {

Error no_such(const ResourceName& name) {
  return permanent(ErrorCode::kNotSupported, "there is no resource `" + name.text + "` on AWS");
}

Error no_group() {
  return permanent(ErrorCode::kNotSupported,
                   "the config brings its own security groups: change their rules where they were "
                   "made");
}

/// A private key that a run made, and died before its public half was in EC2: it is there, too.
bool take_lone_key(const ResourceScope& scope, const std::string& home, SeenResource& pair) {
  if (pair.name.text != kKeyPairResource || scope.known.contains(pair.name)) return false;
  const auto files = keys_of(scope.cluster_id, rayctl::key_file(home, "").parent_path());
  if (files.empty()) return false;
  pair.id = files.front().string();
  pair.cluster = scope.cluster_id;
  return true;
}

/// The cluster's id; where no state knows it, the one that is on what only this cluster makes.
ClusterId id_of(const ResourceScope& scope, const std::vector<SeenResource>& seen) {
  if (!scope.cluster_id.empty()) return scope.cluster_id;
  const auto own = std::find_if(seen.begin(), seen.end(), [](const SeenResource& each) {
    return each.exclusive && each.cluster;
  });
  return own == seen.end() ? ClusterId{} : *own->cluster;
}

}  // namespace

Resources::Resources(Api& api, Clock& clock, ResourceSettings settings)
    : api_(api), clock_(clock), settings_(std::move(settings)) {}

ResourceJob Resources::job(const ResourceScope& scope, Time deadline) const {
  return {api_, clock_, scope, deadline};
}

Result<Resources::Look> Resources::look(const ResourceScope& scope, const ResourceSpec& spec,
                                        Time deadline) const {
  const ResourceJob at = job(scope, deadline);
  if (spec.name.text == kKeyPairResource) {
    const auto pair = find_key_pair(at, settings_.home, spec.want);
    if (!pair) return pair.error();
    Look found{{spec.name, pair->name, pair->id, pair->cluster, ""}, pair->blocked};
    const bool unrecorded = !pair->id.empty() && !scope.known.contains(spec.name);
    if (!scope.thorough || !unrecorded || pair->cluster != scope.cluster_id) return found;
    const Result<bool> used = used_by_others(at, "key-name", pair->name);
    if (!used) return used.error();
    if (*used) {
      found.seen.cluster = std::nullopt;
      found.note = "the key-pair " + pair->name +
                   " stays: machines of other clusters use it; once they are gone, `rayctl down` "
                   "removes it";
    }
    return found;
  }
  if (spec.name.text == kSecurityGroupResource) {
    const auto group = find_security_group(at, settings_.security_group, spec.want);
    if (!group) return group.error();
    return Look{{spec.name, group->name, group->id, group->cluster, group->differs},
                group->blocked};
  }
  const bool role = spec.name.text == kRoleResource;
  if (!role && spec.name.text != kInstanceProfileResource) return no_such(spec.name);
  // One that was found keeps its own name: the role of a head that Ray's launcher made, say.
  if (const auto record = scope.known.find(spec.name);
      record != scope.known.end() && record->second.title != spec.title) {
    const Json recorded = {{role ? "role_name" : "profile_name", record->second.title}};
    const auto found = role ? find_role(at, recorded) : find_instance_profile(at, recorded);
    if (!found) return found.error();
    if (!found->arn.empty())
      return Look{{spec.name, found->name, found->arn, found->cluster, ""}, {}};
  }
  const auto seen = role ? find_role(at, spec.want) : find_instance_profile(at, spec.want);
  if (!seen) return seen.error();
  return Look{{spec.name, seen->name, seen->arn, seen->cluster, seen->differs}, {}};
}

Result<Resources::Look> Resources::bring_about(const ResourceScope& scope, const ResourceSpec& spec,
                                               Time deadline) const {
  const ResourceJob at = job(scope, deadline);
  if (spec.name.text == kKeyPairResource) {
    const auto pair = make_key_pair(at, settings_.home, spec.want);
    if (!pair) return pair.error();
    return Look{{spec.name, pair->name, pair->id, pair->cluster, ""}, {}};
  }
  if (spec.name.text == kSecurityGroupResource) {
    const auto group = make_security_group(at, settings_.security_group, spec.want);
    if (!group) return group.error();
    return Look{{spec.name, group->name, group->id, group->cluster, ""}, {}};
  }
  const bool role = spec.name.text == kRoleResource;
  if (!role && spec.name.text != kInstanceProfileResource) return no_such(spec.name);
  const auto made = role ? make_role(at, spec.want) : make_instance_profile(at, spec.want);
  if (!made) return made.error();
  return Look{{spec.name, made->name, made->arn, made->cluster, ""}, {}};
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
  for_each_index(result.wanted.size(), result.wanted.size(), [&](std::size_t at) {
    const ResourceSpec& spec = settings_.wanted[at];
    if (scope.thorough || spec.name.text == kSecurityGroupResource ||
        !scope.known.contains(spec.name)) {
      looks[at] = look(scope, spec, deadline);
      return;
    }
    Look recorded = as_recorded(scope, spec.name);
    if (spec.name.text == kKeyPairResource)
      recorded.blocked = missing_key_file(settings_.home, recorded.seen.title);
    looks[at] = std::move(recorded);
  });
  std::set<ResourceName> explained;
  for (std::size_t at = 0; at < looks.size(); ++at) {
    if (!*looks[at]) return looks[at]->error();
    Look& found = **looks[at];
    result.wanted[at].title = found.seen.title;
    result.blocked.insert(result.blocked.end(), found.blocked.begin(), found.blocked.end());
    if (found.seen.id.empty()) {
      forget(found.seen.name);
      if (take_lone_key(scope, settings_.home, found.seen))
        result.seen.push_back(std::move(found.seen));
      continue;
    }
    remember(found.seen);
    found.seen.exclusive = found.seen.title == "ray-autoscaler-" + scope.cluster.text ||
                           found.seen.title == iam_name(scope.cluster.text, settings_.region);
    if (!found.note.empty()) {
      result.notes.push_back(std::move(found.note));
      explained.insert(found.seen.name);
    }
    result.seen.push_back(std::move(found.seen));
  }
  const ClusterId own = id_of(scope, result.seen);
  for (const SeenResource& seen : result.seen) {
    const bool known = scope.known.contains(seen.name) || explained.contains(seen.name);
    if (known || (!own.empty() && seen.cluster == own)) continue;
    result.notes.push_back("the " + seen.name.text + " " + seen.title +
                           " is there already: it is used as it is, and `down` leaves it");
  }
  for (const auto& [name, record] : scope.known) {
    const bool wanted = std::any_of(result.wanted.begin(), result.wanted.end(),
                                    [&](const ResourceSpec& spec) { return spec.name == name; });
    if (!wanted) result.seen.push_back(as_recorded(scope, name).seen);
  }
  return result;
}

Result<SeenResource> Resources::make(const ResourceScope& scope, const ResourceSpec& spec,
                                     Time deadline) {
  if (scope.cluster_id.empty())
    return permanent(ErrorCode::kInternal, "a resource cannot be made without a cluster id");
  Result<Look> made = bring_about(scope, spec, deadline);
  if (!made) return made.error();
  remember(made->seen);
  return std::move(made->seen);
}

Result<> Resources::remove(const ResourceScope& scope, const ResourceName& name, Time deadline) {
  const ResourceJob at = job(scope, deadline);
  Result<> removed = no_such(name);
  if (name.text == kKeyPairResource) {
    removed = remove_key_pairs(at, settings_.home);
  } else if (name.text == kSecurityGroupResource) {
    removed = remove_security_groups(at);
  } else if (name.text == kRoleResource) {
    removed = remove_role(at, iam_name_of(scope, name));
  } else if (name.text == kInstanceProfileResource) {
    removed = remove_instance_profile(at, iam_name_of(scope, name));
  }
  if (removed) forget(name);
  return removed;
}

std::string Resources::iam_name_of(const ResourceScope& scope, const ResourceName& name) const {
  const auto record = scope.known.find(name);
  if (record != scope.known.end() && !record->second.title.empty()) return record->second.title;
  return iam_name(scope.cluster.text, settings_.region);
}

void Resources::remember(const SeenResource& seen) {
  const std::lock_guard lock(mutex_);
  if (seen.name.text == kKeyPairResource) ids_.key_name = seen.title;
  if (seen.name.text == kSecurityGroupResource) ids_.security_group = seen.id;
  if (seen.name.text == kInstanceProfileResource) ids_.instance_profile_arn = seen.id;
}

void Resources::forget(const ResourceName& name) {
  const std::lock_guard lock(mutex_);
  if (name.text == kKeyPairResource) ids_.key_name.clear();
  if (name.text == kSecurityGroupResource) ids_.security_group.clear();
  if (name.text == kInstanceProfileResource) ids_.instance_profile_arn.clear();
}

KnownIds Resources::ids() const {
  const std::lock_guard lock(mutex_);
  return ids_;
}

Result<KnownIds> Resources::ids_for_launch(const ResourceScope& scope, bool head, Time deadline) {
  const KnownIds before = ids();
  for (const ResourceSpec& spec : settings_.wanted) {
    const std::string& name = spec.name.text;
    const bool open =
        (name == kKeyPairResource && before.key_name.empty()) ||
        (name == kSecurityGroupResource && before.security_group.empty()) ||
        (name == kInstanceProfileResource && head && before.instance_profile_arn.empty());
    if (!open) continue;
    if (scope.known.contains(spec.name)) {
      remember(as_recorded(scope, spec.name).seen);
      continue;
    }
    const Result<Look> found = look(scope, spec, deadline);
    if (!found) return found.error();
    if (!found->seen.id.empty()) remember(found->seen);
  }
  return ids();
}

std::string Resources::key_file() const {
  const std::string name = ids().key_name;
  return name.empty() ? "" : rayctl::key_file(settings_.home, name).string();
}

Json Resources::group_want() const {
  for (const ResourceSpec& spec : settings_.wanted) {
    if (spec.name.text == kSecurityGroupResource) return spec.want;
  }
  return Json();
}

Result<std::vector<SshAccess>> Resources::list_access(const ResourceScope& scope, Time deadline) {
  const Json want = group_want();
  if (want.is_null()) return no_group();
  return list_ssh_access(job(scope, deadline), settings_.security_group, want);
}

Result<> Resources::add_access(const ResourceScope& scope, const std::string& cidr,
                               const std::string& who, Time deadline) {
  const Json want = group_want();
  if (want.is_null()) return no_group();
  return add_ssh_access(job(scope, deadline), settings_.security_group, want, cidr, who);
}

Result<std::vector<SshAccess>> Resources::remove_access(const ResourceScope& scope,
                                                        const std::string& cidr_or_who,
                                                        Time deadline) {
  const Json want = group_want();
  if (want.is_null()) return no_group();
  return remove_ssh_access(job(scope, deadline), settings_.security_group, want, cidr_or_who);
}

}  // namespace rayctl::aws
