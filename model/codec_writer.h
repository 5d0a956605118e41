#pragma once
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <vector>

#include "model/codec_fields.h"

namespace rayctl::codec {

/// Writes JSON text. The text comes first and the tree from it: a plan of 10,000 nodes would be
/// hundreds of megabytes as a tree.
class Writer {
 public:
  std::string take() { return std::move(out_); }

  void write(const std::string& text) {
    for (const char c : text) {
      if (c < ' ' || c == '"' || c == '\\') {  // beyond ASCII is negative
        out_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
      }
    }
    out_ += '"';
    out_ += text;
    out_ += '"';
  }
  void write(bool value) { out_ += value ? "true" : "false"; }
  template <std::integral T>
  void write(T value) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    out_.append(text.data(), end.ptr);
  }
  void write(double value) { out_ += Json(value).dump(); }
  void write(const Json& json) {
    out_ += json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  template <class Tag>
  void write(const Name<Tag>& name) {
    write(name.text);
  }
  void write(Time time) { write(format_time(time)); }
  void write(Millis duration) { write(duration.count()); }
  void write(ErrorCode code) { write(code_text(code)); }
  template <Words E>
  void write(E value) {
    const auto at = static_cast<std::size_t>(value);
    write(std::string(at < kWords<E>.size() ? kWords<E>[at] : "unknown"));
  }
  template <class T>
  void write(const std::optional<T>& value) {
    if (value) {
      write(*value);
    } else {
      out_ += "null";
    }
  }
  template <class T>
  void write(const std::vector<T>& list) {
    const char* separator = "";
    out_ += '[';
    for (const T& each : list) {
      out_ += separator;
      write(each);
      separator = ",";
    }
    out_ += ']';
  }
  template <class T>
  void write(const std::set<T>& list) {
    write(std::vector<T>(list.begin(), list.end()));
  }
  template <class K, class V>
  void write(const std::map<K, V>& map) {
    const char* separator = "";
    out_ += '{';
    for (const auto& [key, value] : map) {
      out_ += separator;
      write(key);
      out_ += ':';
      write(value);
      separator = ",";
    }
    out_ += '}';
  }
  template <Record T>
  void write(const T& record) {
    out_ += '{';
    write_fields(record);
    out_ += '}';
  }
  void write(const Action& action) {
    out_ += '{';
    std::visit([this](const auto& what) { write_fields(what); }, action);
    out_ += ",\"verb\":\"";
    out_ += verb_of(action);
    out_ += "\"}";
  }

 private:
  template <class T>
  void write_fields(const T& record) {
    const char* separator = "\"";
    const auto one = [&](const auto& field) {
      out_ += separator;
      out_ += field.key;
      out_ += "\":";
      if constexpr (requires { field.member; }) {
        write(record.*field.member);
      } else {
        write(std::string(field.value));
      }
      separator = ",\"";
    };
    std::apply([&](const auto&... fields) { (one(fields), ...); }, kFields<T>);
  }

  std::string out_;
};

/// The JSON text of a value.
template <class T>
std::string text_of(const T& value) {
  Writer writer;
  writer.write(value);
  return writer.take();
}

}  // namespace rayctl::codec
