#pragma once
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "model/codec_fields.h"

namespace rayctl::codec {

/// Deeper values than any cluster file holds are refused: copying them would exhaust the stack.
inline constexpr int kDeepest = 200;

inline bool shallow(const Json& json, int left) {
  if (!json.is_structured()) return true;
  return left > 0 && std::all_of(json.begin(), json.end(),
                                 [&](const Json& each) { return shallow(each, left - 1); });
}

/// Reads a tree into values. Every read gives false on the first mistake; `path` and `mistake`
/// then say where and what, the path being put together on the way out.
class Reader {
 public:
  std::string path, mistake;

  bool read(const Json& json, std::string& into) {
    if (!json.is_string()) return wrong("a string", json);
    into = json.get_ref<const std::string&>();
    return true;
  }
  bool read(const Json& json, bool& into) {
    if (!json.is_boolean()) return wrong("true or false", json);
    into = json.get<bool>();
    return true;
  }
  template <std::integral T>
  bool read(const Json& json, T& into) {
    if (!json.is_number_integer()) return wrong("a whole number", json);
    const bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<std::uint64_t>())
                                                : std::in_range<T>(json.get<std::int64_t>());
    if (!fits) return fail("number out of range");
    into = json.get<T>();
    return true;
  }
  bool read(const Json& json, double& into) {
    if (!json.is_number()) return wrong("a number", json);
    into = json.get<double>();
    return true;
  }
  bool read(const Json& json, Json& into) {
    if (!shallow(json, kDeepest)) return fail("nested too deeply");
    into = json;
    return true;
  }
  template <class Tag>
  bool read(const Json& json, Name<Tag>& into) {
    return read(json, into.text);
  }
  bool read(const Json& json, Time& into) {
    std::string text;
    if (!read(json, text)) return false;
    into = parse_time(text);
    return format_time(into) == text || fail("expected a time such as 2026-11-23T11:21:53.000Z");
  }
  bool read(const Json& json, Millis& into) {
    std::int64_t count = 0;
    if (!read(json, count)) return false;
    into = Millis{count};
    return true;
  }
  bool read(const Json& json, ErrorCode& into) {
    std::string text;
    if (!read(json, text)) return false;
    int number = 0;
    const std::string_view digits =
        std::string_view(text).substr(std::min<std::size_t>(7, text.size()));
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    into = static_cast<ErrorCode>(number);
    return code_text(into) == text || fail("expected a code such as RAYCTL-0101");
  }
  template <Words E>
  bool read(const Json& json, E& into) {
    std::string text;
    if (!read(json, text)) return false;
    const auto found = std::find(kWords<E>.begin(), kWords<E>.end(), text);
    if (found == kWords<E>.end()) return fail("unknown word \"" + text + "\"");
    into = static_cast<E>(found - kWords<E>.begin());
    return true;
  }
  template <class T>
  bool read(const Json& json, std::optional<T>& into) {
    if (json.is_null()) {
      into.reset();
      return true;
    }
    return read(json, into.emplace());
  }
  template <class T>
  bool read(const Json& json, std::vector<T>& into) {
    if (!json.is_array()) return wrong("a list", json);
    into.clear();
    into.reserve(json.size());
    for (const Json& each : json) {
      if (!read(each, into.emplace_back())) return at("[" + std::to_string(into.size() - 1) + "]");
    }
    return true;
  }
  template <class T>
  bool read(const Json& json, std::set<T>& into) {
    std::vector<T> list;
    if (!read(json, list)) return false;
    into = std::set<T>(list.begin(), list.end());
    return true;
  }
  template <class K, class V>
  bool read(const Json& json, std::map<K, V>& into) {
    if (!json.is_object()) return wrong("a record", json);
    into.clear();
    for (const auto& [key, value] : json.items()) {
      if (!read(value, into.emplace_hint(into.end(), K{key}, V{})->second)) return at("." + key);
    }
    return true;
  }
  template <Record T>
  bool read(const Json& json, T& into) {
    if (!json.is_object()) return wrong("a record", json);
    const auto one = [&](const auto& field) {
      if constexpr (requires { field.member; }) {
        const auto found = json.find(field.key);
        if (found == json.end() && field.added) return true;
        if (found == json.end()) return fail("\"" + std::string(field.key) + "\" is missing");
        return read(*found, into.*field.member) || at("." + std::string(field.key));
      } else {
        return true;
      }
    };
    return std::apply([&](const auto&... fields) { return (one(fields) && ...); }, kFields<T>);
  }
  bool read(const Json& json, Action& into) {
    if (!json.is_object()) return wrong("a record", json);
    const auto verb = json.find("verb");
    if (verb == json.end() || !verb->is_string()) return fail("\"verb\" is missing");
    return read_verb<0>(json, verb->get_ref<const std::string&>(), into);
  }

  bool fail(const std::string& what) {
    mistake = what;
    return false;
  }

 private:
  template <std::size_t I>
  bool read_verb(const Json& json, const std::string& verb, Action& into) {
    if constexpr (I == std::variant_size_v<Action>) {
      return fail("unknown verb \"" + verb + "\"");
    } else {
      std::variant_alternative_t<I, Action> what;
      if (verb != verb_of(what)) return read_verb<I + 1>(json, verb, into);
      if (!read(json, what)) return false;
      into = std::move(what);
      return true;
    }
  }
  bool wrong(const char* expected, const Json& found) {
    return fail(std::string("expected ") + expected + ", found " + found.type_name());
  }
  bool at(const std::string& part) {
    path.insert(0, part);
    return false;
  }
};

}  // namespace rayctl::codec
