#pragma once
#include <string>
#include <vector>

#include "model/diagnostic.h"
#include "model/json.h"

namespace rayctl {

/// One value of a YAML file with its place. Aliases are expanded and merge keys (`<<`) flattened,
/// as Ray's loader does. A plain tree: nothing of yaml-cpp is in it.
struct Yaml {
  enum class Kind { kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kScalar;
  Json scalar;                 ///< of kScalar: null, bool, number or string (see yaml_scalar)
  std::vector<Yaml> items;     ///< of kList
  std::vector<Entry> entries;  ///< of kMap, in file order, each key once
  Source where;

  bool is_null() const { return kind == Kind::kScalar && scalar.is_null(); }
  bool is_string() const { return kind == Kind::kScalar && scalar.is_string(); }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  /// The value under `key` of a map; null if this is no map or has no such key.
  const Yaml* find(const std::string& key) const;
  Yaml* find(const std::string& key);
  /// The same, with its key's place.
  const Entry* entry(const std::string& key) const;
  /// Adds or replaces; the place of the key is that of the value unless it was there already.
  void set(const std::string& key, Yaml value);
  void erase(const std::string& key);
};

struct Yaml::Entry {
  std::string key;
  Source where;
  Yaml value;
};

/// The value without its places.
Json to_json(const Yaml& yaml);
/// A tree for a value that stands at no place of its own.
Yaml from_json(const Json& json, const Source& where);
/// "a map", "a list", "text", "a whole number", ...: for messages.
std::string kind_in_words(const Yaml& yaml);

}  // namespace rayctl
