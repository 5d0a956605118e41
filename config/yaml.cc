#include "config/yaml.h"

#include <algorithm>

namespace rayctl {

const Yaml::Entry* Yaml::entry(const std::string& key) const {
  auto at =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return at == entries.end() ? nullptr : &*at;
}

const Yaml* Yaml::find(const std::string& key) const {
  const Entry* found = entry(key);
  return found ? &found->value : nullptr;
}

Yaml* Yaml::find(const std::string& key) {
  for (Entry& each : entries) {
    if (each.key == key) return &each.value;
  }
  return nullptr;
}

void Yaml::set(const std::string& key, Yaml value) {
  kind = Kind::kMap;
  if (Yaml* there = find(key)) {
    *there = std::move(value);
    return;
  }
  Source place = value.where;
  entries.push_back({key, std::move(place), std::move(value)});
}

void Yaml::erase(const std::string& key) {
  std::erase_if(entries, [&](const Entry& each) { return each.key == key; });
}

Json to_json(const Yaml& yaml) {
  switch (yaml.kind) {
    case Yaml::Kind::kScalar:
      return yaml.scalar;
    case Yaml::Kind::kList: {
      Json list = Json::array();
      for (const Yaml& item : yaml.items)
        list.push_back(to_json(item));
      return list;
    }
    case Yaml::Kind::kMap: {
      Json map = Json::object();
      for (const Yaml::Entry& each : yaml.entries)
        map[each.key] = to_json(each.value);
      return map;
    }
  }
  return nullptr;
}

Yaml from_json(const Json& json, const Source& where) {
  Yaml yaml;
  yaml.where = where;
  if (json.is_object()) {
    yaml.kind = Yaml::Kind::kMap;
    for (const auto& [key, value] : json.items())
      yaml.entries.push_back({key, where, from_json(value, where)});
  } else if (json.is_array()) {
    yaml.kind = Yaml::Kind::kList;
    for (const Json& item : json)
      yaml.items.push_back(from_json(item, where));
  } else {
    yaml.scalar = json;
  }
  return yaml;
}

std::string kind_in_words(const Yaml& yaml) {
  if (yaml.is_map()) return "a map";
  if (yaml.is_list()) return "a list";
  if (yaml.scalar.is_null()) return "empty";
  if (yaml.scalar.is_boolean()) return yaml.scalar.get<bool>() ? "true" : "false";
  if (yaml.scalar.is_number()) return "the number " + yaml.scalar.dump();
  return "text";
}

}  // namespace rayctl
