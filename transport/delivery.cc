#include "transport/delivery.h"

#include <algorithm>

namespace rayctl {
namespace {

using Kind = ManifestEntry::Kind;

// Entries of the manifest: what is sent whole or in parts, and whose mode alone changes.
void sort_wanted(Delivery& to) {
  for (const ManifestEntry& entry : to.manifest.entries) {
    const auto known = to.before.find(entry.path);
    const ManifestEntry* had = known == to.before.end() ? nullptr : known->second;
    const bool gone = to.node.gone.contains(entry.path);
    const bool touched = gone || to.node.changed.contains(entry.path);
    if (touched) ++to.report.overwritten;
    if (had != nullptr && *had == entry && !touched) {
      if (entry.kind == Kind::kFolder && !to.node.gone.empty()) to.send.push_back(&entry);
      continue;
    }
    const bool same_bytes = had != nullptr && !touched && had->kind == entry.kind &&
                            had->content == entry.content && had->content != kUnknownContent;
    if (same_bytes) to.modes[entry.mode].push_back(&entry);
    const bool in_doubt = had != nullptr && had->content == kUnknownContent;
    const bool other_kind = had != nullptr && had->kind != entry.kind;
    if (in_doubt) to.in_doubt.push_back(&entry);
    if (other_kind && !in_doubt && !touched && !entry.path.empty()) to.removed.push_back(had);
    if (!same_bytes || entry.kind == Kind::kFolder) to.send.push_back(&entry);
  }
}

// What was delivered and is in the manifest no longer.
void sort_unwanted(Delivery& to) {
  for (const auto& [path, entry] : to.before) {
    if (to.wanted(path) != nullptr) continue;
    const bool touched = to.node.changed.contains(path) || to.node.gone.contains(path);
    if (to.node.changed.contains(path)) ++to.report.kept;
    to.forgotten.push_back(entry);
    if (!touched && !to.only_add && (to.single || !path.empty())) to.removed.push_back(entry);
  }
}

}  // namespace

bool Delivery::idle() const {
  return send.empty() && removed.empty() && forgotten.empty() && modes.empty() &&
         node.delivered.complete;
}

std::string Delivery::inside(const std::string& path) const {
  if (!single) return path;
  return path.empty() ? prefix : prefix + "/" + path;
}

Delivery::Entry Delivery::wanted(const std::string& path) const {
  const auto found = std::lower_bound(
      manifest.entries.begin(), manifest.entries.end(), path,
      [](const ManifestEntry& entry, const std::string& name) { return entry.path < name; });
  return found != manifest.entries.end() && found->path == path ? &*found : nullptr;
}

std::uint64_t Delivery::bytes_to_send() const {
  std::uint64_t all = 0;
  for (const Entry entry : send) {
    const auto patch = patches.find(entry);
    all += patch == patches.end() ? entry->size : patch->second.size;
  }
  return all;
}

Delivery decide_delivery(const Manifest& manifest, const NodeFiles& node, const MountPlace& place,
                         bool only_add) {
  Delivery delivery{.manifest = manifest, .node = node, .place = place, .only_add = only_add};
  delivery.root = place.path;
  delivery.single = !manifest.entries.empty() && manifest.entries.front().path.empty();
  if (delivery.single) {
    const std::size_t slash = place.path.rfind('/');
    delivery.prefix = place.path.substr(slash + 1);
    delivery.root = slash == 0 ? "/" : place.path.substr(0, slash);
  }
  for (const ManifestEntry& entry : node.delivered.manifest.entries)
    delivery.before[entry.path] = &entry;
  sort_wanted(delivery);
  sort_unwanted(delivery);
  delivery.report.delta = manifest_delta(node.delivered.manifest, manifest);
  return delivery;
}

}  // namespace rayctl
