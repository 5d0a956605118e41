#include "model/manifest.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace rayctl {
namespace {

// 1: files and links. 2: folders as well.
constexpr char kFormat[] = "rayctl-manifest 2";

char letter(ManifestEntry::Kind kind) {
  switch (kind) {
    case ManifestEntry::Kind::kFile:
      return 'f';
    case ManifestEntry::Kind::kLink:
      return 'l';
    case ManifestEntry::Kind::kFolder:
      break;
  }
  return 'd';
}

}  // namespace

Digest manifest_digest(const Manifest& manifest) {
  Sha256 digest;
  std::string line = kFormat;
  digest.add(line);
  for (const ManifestEntry& entry : manifest.entries) {
    // Neither a path nor hex digits can hold a NUL: no two manifests read the same.
    line = entry.path;
    line += '\0';
    line += letter(entry.kind);
    line += std::to_string(entry.mode) + ' ' + std::to_string(entry.size) + ' ' + entry.content;
    line += '\0';
    digest.add(line);
  }
  return {digest.finish()};
}

FileDelta manifest_delta(const Manifest& from, const Manifest& to) {
  FileDelta delta;
  auto old = from.entries.begin();
  const auto counts = [](const ManifestEntry& entry) {
    return entry.kind != ManifestEntry::Kind::kFolder;
  };
  for (const ManifestEntry& entry : to.entries) {
    for (; old != from.entries.end() && old->path < entry.path; ++old)
      delta.removed += counts(*old) ? 1U : 0U;
    const bool known = old != from.entries.end() && old->path == entry.path;
    if (!known) delta.added += counts(entry) ? 1U : 0U;
    if (known && *old != entry) ++delta.changed;
    const bool same_bytes = known && old->content == entry.content && old->kind == entry.kind;
    if (!same_bytes) delta.bytes += entry.size;
    if (known) ++old;
  }
  delta.removed += static_cast<std::uint64_t>(std::count_if(old, from.entries.end(), counts));
  return delta;
}

std::string to_text(const FileDelta& delta) {
  std::string text;
  const auto add = [&](char sign, std::uint64_t count) {
    if (count > 0) text += sign + std::to_string(count) + " ";
  };
  add('+', delta.added);
  add('~', delta.changed);
  add('-', delta.removed);
  const std::uint64_t files = delta.added + delta.changed + delta.removed;
  return (text.empty() ? "0 " : text) + (files == 1 ? "file, " : "files, ") +
         format_bytes(delta.bytes);
}

}  // namespace rayctl
