#include "providers/python/kept_tags.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace rayctl::python {
namespace {

/// Those of `wanted` that a machine does not show.
Tags missing(const Tags& wanted, const Tags& shown) {
  Tags lost;
  for (const auto& [key, value] : wanted) {
    const auto found = shown.find(key);
    if (found == shown.end() || found->second != value) lost[key] = value;
  }
  return lost;
}

}  // namespace

KeptTags::KeptTags(TagShelf& shelf, std::string writer,
                   std::function<void(const std::string&)> warn)
    : shelf_(shelf), writer_(std::move(writer)), warn_(std::move(warn)) {}

Result<> KeptTags::complete(std::vector<CloudNode>& nodes, const std::string& class_name) {
  const std::lock_guard guard(mutex_);
  Result<std::map<CloudId, ShelvedTags>> shelf = shelf_.load();
  if (!shelf) return shelf.error();
  if (shelf->empty()) return {};
  for (CloudNode& node : nodes) {
    const auto shelved = shelf->find(node.id);
    if (shelved == shelf->end()) continue;
    const Tags lost = missing(shelved->second.tags, node.tags);
    for (const auto& [key, value] : lost)
      node.tags[key] = value;
    if (shelved->second.writer == writer_) continue;
    if (!lost.empty()) {
      if (Result<> told = tell(class_name); !told) return told;
      continue;
    }
    if (Result<> removed = shelf_.remove(node.id); !removed) return removed;
    Result<std::string> known = shelf_.keeps(class_name);
    if (!known) return known.error();
    if (!known->empty()) continue;
    if (Result<> set = shelf_.set_keeps(class_name, "yes"); !set) return set;
  }
  return {};
}

Result<> KeptTags::given(const CloudId& id, const Tags& tags, bool kept,
                         const std::string& class_name) {
  const std::lock_guard guard(mutex_);
  if (!kept) {
    if (Result<> told = tell(class_name); !told) return told;
  }
  Result<std::map<CloudId, ShelvedTags>> shelf = shelf_.load();
  if (!shelf) return shelf.error();
  const auto shelved = shelf->find(id);
  if (kept && shelved == shelf->end()) {
    Result<std::string> known = shelf_.keeps(class_name);
    if (!known) return known.error();
    if (*known == "yes") return {};
  }
  ShelvedTags all = shelved == shelf->end() ? ShelvedTags{} : shelved->second;
  all.writer = writer_;
  for (const auto& [key, value] : tags)
    all.tags[key] = value;
  return shelf_.put(id, all);
}

Result<> KeptTags::forget(const CloudId& id) {
  const std::lock_guard guard(mutex_);
  return shelf_.remove(id);
}

Result<> KeptTags::tell(const std::string& class_name) {
  Result<std::string> known = shelf_.keeps(class_name);
  if (!known) return known.error();
  if (*known == "no") return {};
  if (Result<> set = shelf_.set_keeps(class_name, "no"); !set) return set;
  if (warn_) {
    warn_(class_name +
          " does not keep all the tags that it is given: the cluster's state holds "
          "them as well");
  }
  return {};
}

Tags narrow_tags(const Tags& tags) {
  const auto fits = [](unsigned char c) {
    return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '_';
  };
  Tags kept;
  for (const auto& [key, value] : tags) {
    if (value.size() <= 63 && std::all_of(value.begin(), value.end(), fits)) kept[key] = value;
  }
  return kept;
}

bool may_be_about_tags(const HostFailure& failure) {
  if (failure.kind != "raised" && failure.kind != "launch") return false;
  std::string text = failure.message;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find("label") != std::string::npos || text.find("tag") != std::string::npos;
}

}  // namespace rayctl::python
