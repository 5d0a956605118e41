#pragma once
#include <string>

#include "base/text.h"
#include "model/codec_reader.h"

namespace rayctl::codec {

/// What Reader reads, written: records by their kFields, with ordered keys.
template <class T>
Json record_json(const T& value) {
  if constexpr (Record<T>) {
    Json json = Json::object();
    std::apply(
        [&](const auto&... field) {
          ((json[std::string(field.key)] = record_json(value.*field.member)), ...);
        },
        kFields<T>);
    return json;
  } else if constexpr (Words<T>) {
    return kWords<T>[static_cast<std::size_t>(value)];
  } else if constexpr (std::is_same_v<T, Time>) {
    return format_time(value);
  } else if constexpr (requires { value.text; }) {
    return value.text;
  } else if constexpr (requires { value.has_value(); }) {
    return value ? record_json(*value) : Json(nullptr);
  } else if constexpr (requires { value.data(); } && !std::is_same_v<T, std::string>) {
    Json list = Json::array();
    for (const auto& each : value)
      list.push_back(record_json(each));
    return list;
  } else {
    return value;
  }
}

/// A file that holds one record and its format's version: minor adds, major breaks.
template <Record T>
std::string record_text(const T& record, const char* format) {
  Json json = record_json(record);
  json["format_version"] = format;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Reads it. A higher major is kStateTooNew, what cannot be read kStateCorrupt; `what` is named in
/// both ("the cluster's lease").
template <Record T>
Result<T> record_of(const std::string& text, const std::string& format, const std::string& what) {
  const Json json = Json::parse(text, nullptr, false);
  std::string version;
  Reader reader;
  const auto found = json.is_object() ? json.find("format_version") : json.end();
  if (found == json.end() || !reader.read(*found, version)) {
    return permanent(ErrorCode::kStateCorrupt, what + " cannot be read");
  }
  if (split(version, '.')[0] != split(format, '.')[0]) {
    return permanent(ErrorCode::kStateTooNew,
                     what + " has format " + version + "; this rayctl knows " + format);
  }
  T record;
  if (reader.read(json, record)) return record;
  return permanent(ErrorCode::kStateCorrupt,
                   what + " cannot be read: " + reader.path + ": " + reader.mistake);
}

}  // namespace rayctl::codec
