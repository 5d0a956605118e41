#include "providers/aws/query_params.h"

#include <array>
#include <cstdint>

#include "providers/aws/launch_fields.h"

namespace rayctl::aws {
namespace {

constexpr std::array<std::string_view, 5> kDecidedByLaunch = {"MinCount", "MaxCount", "ClientToken",
                                                              "DryRun", "SubnetIds"};

bool decided_by_launch(std::string_view name) {
  for (const std::string_view own : kDecidedByLaunch) {
    if (name == own) return true;
  }
  return false;
}

std::string scalar(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string text = value.dump();
  if (value.is_number_float() && text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// Writes `value` under `prefix`; `owner` is the member that it is the value of.
void put(Params& params, const std::string& prefix, std::string_view owner, const Json& value) {
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) {
      put(params, prefix + "." + std::string(wire_name(owner, name)), name, member);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      put(params, prefix + "." + std::to_string(i + 1), owner, value[i]);
  } else if (!value.is_null()) {
    params[prefix] = scalar(value);
  }
}

std::string escape_wildcards(const std::string& value) {
  std::string text;
  for (const char c : value) {
    if (c == '*' || c == '?' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

Params run_instances_params(const Json& node_config) {
  Params params;
  for (const auto& [name, value] : node_config.items()) {
    if (!decided_by_launch(name)) put(params, std::string(wire_name("", name)), name, value);
  }
  const auto data = params.find("UserData");
  if (data != params.end()) data->second = base64(data->second);
  return params;
}

void add_list(Params& params, const std::string& name, const std::vector<std::string>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    params[name + "." + std::to_string(i + 1)] = values[i];
}

void add_filter(Params& params, const std::string& name, const std::vector<std::string>& values) {
  int number = 1;
  while (params.contains("Filter." + std::to_string(number) + ".Name"))
    ++number;
  const std::string prefix = "Filter." + std::to_string(number);
  params[prefix + ".Name"] = name;
  for (std::size_t i = 0; i < values.size(); ++i)
    params[prefix + ".Value." + std::to_string(i + 1)] = escape_wildcards(values[i]);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= count ? kLetters[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

}  // namespace rayctl::aws
