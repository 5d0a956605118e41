#include "config/emit.h"

#include <algorithm>
#include <string_view>

#include "config/yaml_scalar.h"

namespace rayctl {
namespace {

bool plain(const std::string& text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./~$+=-()' ";
  constexpr std::string_view first =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./~$";
  return !text.empty() && first.find(text[0]) != std::string_view::npos && text.back() != ' ' &&
         text != "=" && text.find_first_not_of(allowed) == std::string::npos &&
         yaml_scalar(text) == Json(text);
}

std::string scalar(const Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return plain(text) ? text : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  std::string text = value.dump();
  std::size_t exponent = text.find('e');
  bool needs_point = value.is_number_float() && exponent != std::string::npos &&
                     text.find('.') == std::string::npos;
  return needs_point ? text.insert(exponent, ".0") : text;
}

void emit(const Json& value, std::size_t indent, std::string& out);

/// What stands after "key:" or "-": on the same line, or indented below.
void emit_value(const Json& value, std::size_t indent, std::string& out) {
  if (!value.is_structured()) {
    out += " " + scalar(value) + "\n";
  } else if (value.empty()) {
    out += value.is_array() ? " []\n" : " {}\n";
  } else {
    out += "\n";
    emit(value, indent, out);
  }
}

void emit(const Json& value, std::size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_object()) {
    for (const auto& [key, each] : value.items()) {
      out += margin + scalar(Json(key)) + ":";
      emit_value(each, indent + 2, out);
    }
    return;
  }
  for (const Json& each : value) {
    if (!each.is_structured() || each.empty()) {
      out += margin + "-";
      emit_value(each, indent + 2, out);
      continue;
    }
    std::string item;
    emit(each, indent + 2, item);
    out += margin + "- " + item.substr(indent + 2);
  }
}

}  // namespace

std::string emit_yaml(const Sections& sections) {
  std::string out;
  for (const auto& [key, value] : sections) {
    out += scalar(Json(key)) + ":";
    emit_value(value, 2, out);
  }
  return out;
}

}  // namespace rayctl
