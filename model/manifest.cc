#include "model/manifest.h"

#include "base/digest.h"

namespace rayctl {

Digest manifest_digest(const Manifest& manifest) {
  Sha256 digest;
  std::string line;
  for (const ManifestEntry& entry : manifest.entries) {
    // Neither a path nor hex digits can hold a NUL: no two manifests read the same.
    line = entry.path;
    line += '\0';
    line += entry.link ? 'l' : 'f';
    line += std::to_string(entry.mode) + ' ' + std::to_string(entry.size) + ' ' + entry.content;
    line += '\0';
    digest.add(line);
  }
  return {digest.finish()};
}

FileDelta manifest_delta(const Manifest& from, const Manifest& to) {
  FileDelta delta;
  auto old = from.entries.begin();
  for (const ManifestEntry& entry : to.entries) {
    for (; old != from.entries.end() && old->path < entry.path; ++old)
      ++delta.removed;
    const bool known = old != from.entries.end() && old->path == entry.path;
    if (!known) ++delta.added;
    if (known && *old != entry) ++delta.changed;
    const bool same_bytes = known && old->content == entry.content && old->link == entry.link;
    if (!same_bytes) delta.bytes += entry.size;
    if (known) ++old;
  }
  delta.removed += static_cast<std::uint64_t>(from.entries.end() - old);
  return delta;
}

}  // namespace rayctl
