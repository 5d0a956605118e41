#pragma once
#include <initializer_list>
#include <string>

#include "model/json.h"

namespace rayctl::kubernetes {

/// What is at a path of keys; nullptr where something on the way is missing or no object. Pure, as
/// all here.
inline const Json* find_in(const Json& value, std::initializer_list<const char*> path) {
  const Json* at = &value;
  for (const char* key : path) {
    if (!at->is_object()) return nullptr;
    const auto next = at->find(key);
    if (next == at->end() || next->is_null()) return nullptr;
    at = &*next;
  }
  return at;
}

/// The text there; "" if there is none.
inline std::string text_at(const Json& value, std::initializer_list<const char*> path) {
  const Json* found = find_in(value, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

/// The whole number there; 0 if there is none.
inline long long number_at(const Json& value, std::initializer_list<const char*> path) {
  const Json* found = find_in(value, path);
  return found != nullptr && found->is_number_integer() ? found->get<long long>() : 0;
}

/// The elements of the list there; empty if there is none.
inline const Json& list_at(const Json& value, std::initializer_list<const char*> path) {
  static const Json kNone = Json::array();
  const Json* found = find_in(value, path);
  return found != nullptr && found->is_array() ? *found : kNone;
}

}  // namespace rayctl::kubernetes
