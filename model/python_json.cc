#include "model/python_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace rayctl {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Takes one code point off the front of `text`, which is not empty.
char32_t next_code_point(std::string_view& text) {
  const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xC2 ? 0
                           : first < 0xE0 ? 2
                           : first < 0xF0 ? 3
                           : first < 0xF5 ? 4
                                          : 0;
  char32_t point = size == 1 ? first : first & (0x7FU >> size);
  bool good = size > 0 && size <= text.size();
  for (std::size_t i = 1; good && i < size; ++i) {
    good = (byte(i) & 0xC0U) == 0x80;
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  static constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  good = good && point >= kLeast[size] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  text.remove_prefix(good ? size : 1);
  return good ? point : kReplacement;
}

void write_unit(std::string& out, std::uint32_t unit) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U})
    out += kDigits[(unit >> shift) & 15U];
}

void write_code_point(std::string& out, char32_t point) {
  static constexpr std::string_view kShort = "\"\\\n\r\t\f\b";
  static constexpr std::string_view kLetters = "\"\\nrtfb";
  if (point < 0x80) {
    const std::size_t at = kShort.find(static_cast<char>(point));
    if (at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
      return;
    }
  }
  if (point >= ' ' && point <= '~') {
    out += static_cast<char>(point);
  } else if (point < 0x10000) {
    write_unit(out, point);
  } else {
    write_unit(out, 0xD800 + ((point - 0x10000) >> 10U));
    write_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FFU));
  }
}

void write_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty())
    write_code_point(out, next_code_point(text));
  out += '"';
}

// Python's repr of a float: the shortest digits that read back as the same number, with an
// exponent from 1e16 on and below 1e-4.
void write_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 fixed ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view digits(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data()));
  out += digits;
  if (fixed && digits.find('.') == std::string_view::npos) out += ".0";
}

void write(std::string& out, const Json& value);

void write_list(std::string& out, const Json& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    write(out, list[i]);
  }
  out += ']';
}

void write_record(std::string& out, const Json& record) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : record.items()) {
    if (!first) out += ", ";
    first = false;
    write_text(out, key);
    out += ": ";
    write(out, value);
  }
  out += '}';
}

void write(std::string& out, const Json& value) {
  if (value.is_object()) return write_record(out, value);
  if (value.is_array()) return write_list(out, value);
  if (value.is_string()) return write_text(out, value.get_ref<const std::string&>());
  if (value.is_number_float()) return write_float(out, value.get<double>());
  if (value.is_number_unsigned()) {
    out += std::to_string(value.get<std::uint64_t>());
  } else if (value.is_number_integer()) {
    out += std::to_string(value.get<std::int64_t>());
  } else if (value.is_boolean()) {
    out += value.get<bool>() ? "true" : "false";
  } else {
    out += "null";
  }
}

}  // namespace

std::string python_json(const Json& value) {
  std::string out;
  write(out, value);
  return out;
}

}  // namespace rayctl
