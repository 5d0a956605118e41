#include "model/tags.h"

#include <array>
#include <string_view>
#include <utility>

namespace rayctl {

namespace {

constexpr std::array<std::pair<char, Digest SpecDigests::*>, 6> kLetters = {{
    {'l', &SpecDigests::launch},
    {'d', &SpecDigests::docker},
    {'f', &SpecDigests::files},
    {'s', &SpecDigests::setup},
    {'r', &SpecDigests::start},
    {'y', &SpecDigests::synced},
}};

const char* kind_of(bool head) {
  return head ? "head" : "worker";
}

const char* status_of(Phase phase) {
  switch (phase) {
    case Phase::kLaunched:
      return kStatusUninitialized;
    case Phase::kReady:
    case Phase::kDraining:
      return kStatusUpToDate;
    case Phase::kFailed:
      return kStatusUpdateFailed;
  }
  return kStatusUninitialized;
}

Phase phase_of(std::string_view status) {
  if (status == kStatusUpToDate) return Phase::kReady;
  if (status == kStatusUpdateFailed) return Phase::kFailed;
  return Phase::kLaunched;
}

/// A machine that says what is being done to it was left in the midst of it: what was there before
/// is not there for certain.
void doubt(const std::string& status, NodeRecord& record) {
  if (status == kStatusSyncingFiles) record.applied.files = {};
  if (status == kStatusSettingUp) record.applied.docker = record.applied.setup = {};
  if (record.phase == Phase::kLaunched && record.running != SpecDigests{}) {
    record.phase = Phase::kReady;
  }
}

/// The tag's value, or null where there is none or it is empty.
const std::string* find(const Tags& tags, const char* key) {
  const auto found = tags.find(key);
  return found == tags.end() || found->second.empty() ? nullptr : &found->second;
}

template <class T>
void read(const Tags& tags, const char* key, std::optional<T>& into) {
  const std::string* value = find(tags, key);
  into = value == nullptr ? std::nullopt : std::optional<T>(T{*value});
}

/// What Ray calls a node of a cluster, and a console shows.
std::string ray_name(const ClusterName& cluster, bool head) {
  return "ray-" + cluster.text + "-" + kind_of(head);
}

}  // namespace

Tags launch_tags(const ClusterName& cluster, const ClusterId& id, const NodeSpec& spec,
                 const OpToken& token) {
  SpecDigests launched;
  launched.launch = spec.digests.launch;
  return {{kTagClusterName, cluster.text},
          {kTagNodeKind, kind_of(spec.head)},
          {kTagUserNodeType, spec.type.text},
          {kTagNodeName, ray_name(cluster, spec.head)},
          {kTagNodeStatus, kStatusUninitialized},
          {kTagOp, token.text},
          {kTagClusterId, id.text},
          {kTagApplied, encode_digests(launched)},
          {kTagRunning, encode_digests({})}};
}

Tags naming_tags(const ClusterName& cluster, const NodeName& node, bool head) {
  return {{kTagNode, node.text}, {kTagNodeName, ray_name(cluster, head)}};
}

Tags record_tags(const NodeRecord& record) {
  return {{kTagNodeStatus, status_of(record.phase)},
          {kTagApplied, encode_digests(record.applied)},
          {kTagRunning, encode_digests(record.running)}};
}

void read_tags(CloudNode& node) {
  read(node.tags, kTagClusterId, node.cluster);
  read(node.tags, kTagNode, node.name);
  read(node.tags, kTagUserNodeType, node.type);
  read(node.tags, kTagOp, node.token);
  const std::string* kind = find(node.tags, kTagNodeKind);
  node.head = kind != nullptr && *kind == "head";
}

NodeRecord record_from_tags(const CloudNode& node, const ProviderName& provider) {
  NodeRecord record;
  record.type = node.type.value_or(NodeTypeName{});
  record.provider = provider;
  record.head = node.head;
  record.id = node.id;
  record.ip = node.internal_ip;
  record.made_by = node.token;
  const std::string* status = find(node.tags, kTagNodeStatus);
  if (status != nullptr) record.phase = phase_of(*status);
  const std::string* applied = find(node.tags, kTagApplied);
  if (applied != nullptr) record.applied = decode_digests(*applied);
  const std::string* running = find(node.tags, kTagRunning);
  if (running != nullptr) record.running = decode_digests(*running);
  if (status != nullptr) doubt(*status, record);
  return record;
}

std::string encode_digests(const SpecDigests& digests) {
  std::string text;
  text.reserve(160);
  for (const auto& [letter, member] : kLetters) {
    if (!text.empty()) text += ',';
    text += letter;
    text += '=';
    text += (digests.*member).text;
  }
  return text;
}

SpecDigests decode_digests(const std::string& text) {
  SpecDigests digests;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find(',');
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (part.size() < 2 || part[1] != '=') continue;
    for (const auto& [letter, member] : kLetters) {
      if (letter == part[0]) (digests.*member).text = part.substr(2);
    }
  }
  return digests;
}

}  // namespace rayctl
