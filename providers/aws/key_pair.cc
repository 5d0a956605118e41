#include "providers/aws/key_pair.h"

#include <map>
#include <set>
#include <utility>

#include "providers/key_files.h"

namespace rayctl::aws {
namespace {

namespace fs = std::filesystem;

constexpr int kNames = 600;  // as many as Ray tries
constexpr int kNamesAtOnce = 20;

struct Pair {
  std::string name;
  std::string id;
  std::string public_line;  ///< "" where EC2 does not tell
  std::optional<ClusterId> cluster;
};
using Pairs = std::map<std::string, Pair>;

Result<Pairs> describe(const ResourceJob& job, const DescribeFilter& filter) {
  Pairs pairs;
  Params params = filtered({filter});
  params["IncludePublicKey"] = "true";
  const auto looked = for_each_item(
      job, "ec2", "DescribeKeyPairs", std::move(params), "keySet", [&](const pugi::xml_node& item) {
        Pair pair{text_of(item, "keyName"), text_of(item, "keyPairId"), text_of(item, "publicKey"),
                  cluster_in(tags_in(item.child("tagSet")))};
        if (pair.id.empty()) pair.id = pair.name;
        pairs[pair.name] = std::move(pair);
      });
  if (!looked) return looked.value.error();
  return pairs;
}

Diagnostic decision(std::string summary, std::string remedy) {
  return {Severity::kError, std::move(summary), std::move(remedy), std::nullopt,
          ErrorCode::kPlanNeedsDecision};
}

KeyPairSeen seen(const Pair& pair, const std::string& home) {
  KeyPairSeen result{pair.name, pair.id, pair.cluster, missing_key_file(home, pair.name)};
  const fs::path file = key_file(home, pair.name);
  const auto facts = key_in(file);
  if (facts && !pair.public_line.empty() && !same_ssh_key(facts->public_line, pair.public_line)) {
    result.blocked.push_back(
        decision("the key pair " + pair.name + " in EC2 is not of the key in " + file.string(),
                 "put the pair's own private key there; or move the file away, and the next free "
                 "name is taken"));
  }
  return result;
}

std::optional<Pair> ours_among(const Pairs& pairs, const ClusterId& id) {
  for (const auto& [name, pair] : pairs) {
    if (!id.empty() && pair.cluster == id) return pair;
  }
  return std::nullopt;
}

/// Whether the file is a key that rayctl made and never got into EC2: meanwhile another machine's
/// took the name.
bool came_too_late(const Pair& pair, const fs::path& file) {
  const auto facts = key_in(file);
  return facts && is_rayctls(*facts) && !pair.public_line.empty() &&
         !same_ssh_key(facts->public_line, pair.public_line);
}

/// The pair that is recorded, or its name where only our file of it is left.
Result<std::optional<KeyPairSeen>> find_recorded(const ResourceJob& job, const std::string& home) {
  const auto record = job.scope.known.find(ResourceName{"key-pair"});
  if (record == job.scope.known.end()) return std::optional<KeyPairSeen>();
  const std::string& name = record->second.title;
  const Result<Pairs> pairs = describe(job, {"key-name", {name}});
  if (!pairs) return pairs.error();
  const auto found = pairs->find(name);
  // Ours may be gone, and another cluster has the name since.
  const bool another = found != pairs->end() && record->second.ours &&
                       found->second.cluster != job.scope.cluster_id &&
                       found->second.id != record->second.id;
  if (another) return std::optional<KeyPairSeen>();
  if (found != pairs->end()) return std::optional(seen(found->second, home));
  if (is_key_of(job.scope.cluster_id, key_file(home, name)))
    return std::optional(KeyPairSeen{name, "", std::nullopt, {}});
  return std::optional<KeyPairSeen>();
}

/// This cluster's pairs: by its tag, and by the keys on this machine, since a tag may not be to be
/// seen at once.
Result<Pairs> pairs_to_remove(const ResourceJob& job, const std::vector<fs::path>& files) {
  Result<Pairs> pairs =
      describe(job, {std::string("tag:") + kTagClusterId, {job.scope.cluster_id.text}});
  if (!pairs) return pairs.error();
  DescribeFilter more{"key-name", {}};
  for (const fs::path& file : files) {
    if (!pairs->contains(file.stem().string())) more.values.push_back(file.stem().string());
  }
  if (more.values.empty()) return pairs;
  const Result<Pairs> named = describe(job, more);
  if (!named) return named.error();
  for (const fs::path& file : files) {
    const auto found = named->find(file.stem().string());
    if (found == named->end()) continue;
    const auto facts = key_in(file);
    if (facts && same_ssh_key(facts->public_line, found->second.public_line)) pairs->insert(*found);
  }
  return pairs;
}

enum class Imported { kDone, kNameTaken };

Result<Imported> import(const ResourceJob& job, const std::string& name,
                        const std::string& public_line, std::string& id) {
  Params params{{"KeyName", name}, {"PublicKeyMaterial", to_base64(public_line)}};
  tag_what_is_made(params, "key-pair", ownership_tags(job.scope));
  const Reply<Answer> made = call(job, "ec2", "ImportKeyPair", std::move(params));
  if (made) {
    id = text_of((*made)->document_element(), "keyPairId");
    if (id.empty()) id = name;
    return Imported::kDone;
  }
  if (made.api.code == "InvalidKeyPair.Duplicate") return Imported::kNameTaken;
  return in_context(made.value.error(), "importing the key pair " + name);
}

}  // namespace

std::string key_pair_name(const std::string& region, const std::string& given, int index) {
  const std::string number = std::to_string(index);
  if (!given.empty()) return index == 0 ? given : given + "_key-" + number;
  return index == 0 ? "ray-autoscaler_" + region : "ray-autoscaler_" + number + "_" + region;
}

std::vector<Diagnostic> missing_key_file(const std::string& home, const std::string& name) {
  const fs::path file = key_file(home, name);
  if (is_there(file)) return {};
  return {decision("the private key of the key pair " + name + " is not on this machine",
                   "copy it from where the cluster was made to " + file.string() +
                       " (mode 600), or name a key of yours in auth.ssh_private_key")};
}

Result<KeyPairSeen> find_key_pair(const ResourceJob& job, const std::string& home,
                                  const Json& want) {
  const Result<std::optional<KeyPairSeen>> recorded = find_recorded(job, home);
  if (!recorded) return recorded.error();
  if (*recorded) return **recorded;
  const std::string region = want.value("region", "");
  const std::string given = want.value("key_name", "");
  for (int first = 0; first < kNames; first += kNamesAtOnce) {
    DescribeFilter names{"key-name", {}};
    for (int index = first; index < first + kNamesAtOnce; ++index)
      names.values.push_back(key_pair_name(region, given, index));
    const Result<Pairs> pairs = describe(job, names);
    if (!pairs) return pairs.error();
    if (const auto ours = ours_among(*pairs, job.scope.cluster_id)) return seen(*ours, home);
    for (const std::string& name : names.values) {
      const auto pair = pairs->find(name);
      const fs::path file = key_file(home, name);
      const bool there = is_there(file);
      if (pair != pairs->end() && there && !came_too_late(pair->second, file))
        return seen(pair->second, home);
      if (pair == pairs->end() && (!there || is_key_of(job.scope.cluster_id, file)))
        return KeyPairSeen{name, "", std::nullopt, {}};
    }
  }
  return permanent(ErrorCode::kProviderRefused,
                   "no name is free for a key pair: " + std::to_string(kNames) +
                       " are taken, each by a key pair or by a file in ~/.ssh alone");
}

Result<KeyPairSeen> make_key_pair(const ResourceJob& job, const std::string& home,
                                  const Json& want) {
  for (int tries = 0; tries < kNames; ++tries) {
    Result<KeyPairSeen> found = find_key_pair(job, home, want);
    if (!found) return found;
    if (!found->blocked.empty()) {
      const Diagnostic& why = found->blocked.front();
      return permanent(ErrorCode::kPlanNeedsDecision, why.summary + ": " + why.remedy);
    }
    if (!found->id.empty()) return found;
    const fs::path file = key_file(home, found->name);
    std::string public_line;
    if (const auto facts = key_in(file); facts && is_key_of(job.scope.cluster_id, file)) {
      public_line = facts->public_line + " " + facts->comment;
    } else {
      const Result<SshKey> key = make_ssh_key(key_marker(job.scope.cluster_id));
      if (!key) return key.error();
      const Result<bool> written = write_new_key(file, key->private_text);
      if (!written) return written.error();
      if (!*written) continue;
      public_line = key->public_line;
    }
    const Result<Imported> done = import(job, found->name, public_line, found->id);
    if (!done) return done.error();
    if (*done == Imported::kDone) {
      found->cluster = job.scope.cluster_id;
      return found;
    }
    // Somebody has the name: we, in a call whose answer was lost, or another.
    const Result<Pairs> holder = describe(job, {"key-name", {found->name}});
    if (!holder) return holder.error();
    const auto pair = holder->find(found->name);
    if (pair == holder->end()) {
      if (!wait_for_consistency(job, tries)) break;
    } else if (!same_ssh_key(pair->second.public_line, public_line)) {
      if (const Result<> removed = remove_key_file(file); !removed) return removed.error();
    }
  }
  return transient(ErrorCode::kProviderUnavailable,
                   "others were first with every name that was tried for the key pair");
}

Result<> remove_key_pairs(const ResourceJob& job, const std::string& home) {
  if (job.scope.cluster_id.empty()) return {};
  const std::vector<fs::path> files =
      keys_of(job.scope.cluster_id, key_file(home, "").parent_path());
  const Result<Pairs> pairs = pairs_to_remove(job, files);
  if (!pairs) return pairs.error();
  std::set<std::string> kept;
  for (const auto& [name, pair] : *pairs) {
    const Result<bool> used = used_by_others(job, "key-name", name);
    if (!used) return used.error();
    if (*used) {
      kept.insert(name);
      continue;
    }
    const Reply<Answer> removed = call(job, "ec2", "DeleteKeyPair", {{"KeyName", name}});
    if (!removed && removed.api.code != "InvalidKeyPair.NotFound")
      return in_context(removed.value.error(), "removing the key pair " + name);
  }
  for (const fs::path& file : files) {
    if (kept.contains(file.stem().string())) continue;
    if (const Result<> removed = remove_key_file(file); !removed) return removed.error();
  }
  return {};
}

}  // namespace rayctl::aws
