#include "autoscaler/words.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace rayctl {
namespace {

bool in_bytes(const std::string& resource) {
  return resource == "memory" || resource == "object_store_memory";
}

std::string in_words(const LabelSelector& selector) {
  std::vector<std::string> rules;
  for (const LabelRule& rule : selector)
    rules.push_back((rule.in ? "" : "not ") + rule.key + " " + join(rule.values, " or "));
  return rules.empty() ? "any node" : join(rules, ", ");
}

}  // namespace

std::string amount_in_words(const std::string& resource, double amount) {
  constexpr double kTooMuch = 1e18;
  if (in_bytes(resource) && amount >= 0 && amount < kTooMuch) {
    return format_bytes(static_cast<unsigned long long>(amount));
  }
  std::array<char, 40> text{};
  constexpr int kDigits = 10;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), amount,
                                 std::chars_format::general, kDigits);
  return {text.data(), end.ptr};
}

std::string in_words(const Resources& resources) {
  std::vector<std::string> parts;
  for (const auto& [name, amount] : resources)
    parts.push_back(name + ": " + amount_in_words(name, amount));
  return "{" + join(parts, ", ") + "}";
}

std::string in_words(const ResourceRequest& request) {
  std::string text = in_words(request.bundle);
  for (std::size_t i = 0; i < request.selectors.size(); ++i)
    text += (i == 0 ? " on " : ", else on ") + in_words(request.selectors[i]);
  return text;
}

}  // namespace rayctl
