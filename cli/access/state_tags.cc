#include "cli/access/state_tags.h"

#include <utility>

#include "model/json.h"

namespace rayctl {
namespace {

// Kinds of pins (docs/formats/state.md).
constexpr char kTagsPin[] = "python-tags", kKeepsPin[] = "python-keeps-tags";

python::ShelvedTags read_tags(const std::string& text) {
  python::ShelvedTags shelved;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return shelved;
  shelved.writer = json.value("writer", "");
  const Json tags = json.value("tags", Json::object());
  for (const auto& [key, value] : tags.items()) {
    if (value.is_string()) shelved.tags[key] = value.get<std::string>();
  }
  return shelved;
}

std::string written(const python::ShelvedTags& shelved) {
  return Json{{"writer", shelved.writer}, {"tags", shelved.tags}}.dump(
      -1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

Result<std::map<CloudId, python::ShelvedTags>> StateTags::load() {
  Result<std::map<std::string, std::string>> pins = store_.pins(kTagsPin);
  if (!pins) return in_context(pins.error(), "reading the tags in the cluster's state");
  std::map<CloudId, python::ShelvedTags> all;
  for (const auto& [id, text] : *pins)
    all[{id}] = read_tags(text);
  return all;
}

Result<> StateTags::put(const CloudId& id, const python::ShelvedTags& tags) {
  if (Result<> removed = remove(id); !removed) return removed;
  Result<std::string> pinned = store_.pin(kTagsPin, id.text, written(tags));
  if (!pinned) return in_context(pinned.error(), "keeping the tags of " + id.text);
  return {};
}

Result<> StateTags::remove(const CloudId& id) {
  Result<bool> removed = store_.unpin(kTagsPin, id.text);
  if (!removed) return in_context(removed.error(), "forgetting the tags of " + id.text);
  return {};
}

Result<std::string> StateTags::keeps(const std::string& class_name) {
  Result<std::map<std::string, std::string>> pins = store_.pins(kKeepsPin);
  if (!pins) return pins.error();
  const auto found = pins->find(class_name);
  return found == pins->end() ? std::string() : found->second;
}

Result<> StateTags::set_keeps(const std::string& class_name, const std::string& keeps) {
  Result<bool> removed = store_.unpin(kKeepsPin, class_name);
  if (!removed) return removed.error();
  Result<std::string> pinned = store_.pin(kKeepsPin, class_name, keeps);
  if (!pinned) return pinned.error();
  return {};
}

}  // namespace rayctl
