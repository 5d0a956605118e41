#include "autoscaler/selector_text.h"

#include <cmath>
#include <string_view>

#include "base/text.h"

namespace rayctl {
namespace {

LabelRule rule_of(const std::string& key, std::string_view text) {
  LabelRule rule{.key = key};
  if (text.starts_with('!')) {
    rule.in = false;
    text.remove_prefix(1);
  }
  if (text.starts_with("in(") && text.ends_with(')')) {
    for (const std::string& value : split(text.substr(3, text.size() - 4), ','))
      rule.values.push_back(trim(value));
  } else {
    rule.values.emplace_back(text);
  }
  return rule;
}

}  // namespace

Result<LabelSelector> selector_from_json(const Json& json) {
  LabelSelector selector;
  if (!json.is_object()) return permanent(ErrorCode::kUsage, "labels are a record of texts");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      return permanent(ErrorCode::kUsage,
                       "label `" + key + "` is to be a text such as \"in(a,b)\"");
    }
    selector.push_back(rule_of(key, value.get<std::string>()));
  }
  return selector;
}

Result<Resources> bundle_from_json(const Json& json) {
  Resources bundle;
  if (!json.is_object()) {
    return permanent(ErrorCode::kUsage, "resources are a record of numbers such as {\"CPU\": 1}");
  }
  for (const auto& [name, value] : json.items()) {
    const double amount = value.is_number() ? value.get<double>() : -1;
    if (!(amount >= 0) || std::isinf(amount)) {
      return permanent(ErrorCode::kUsage, "resource `" + name + "` is to be a number from 0");
    }
    if (amount > 0) bundle[name] = amount;
  }
  return bundle;
}

}  // namespace rayctl
