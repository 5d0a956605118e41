#include "providers/kubernetes/pod_name.h"

#include <algorithm>

#include "base/digest.h"

namespace rayctl::kubernetes {
namespace {

constexpr std::size_t kMost = 63, kLongestName = 253, kDigest = 8;

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}

std::string sanitised(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool begins = result.empty() || result.back() == '-';
    if (is_lower(lower)) {
      result += lower;
    } else if (!begins) {
      result += '-';
    }
  }
  return result;
}

}  // namespace

std::string pod_name(std::string_view prefix, const NodeName& node, std::string_view cluster_id,
                     const OpToken& token) {
  const std::string digest =
      short_digest(std::string(cluster_id) + "/" + node.text + "/" + token.text).substr(0, kDigest);
  std::string name = sanitised(std::string(prefix) + "-" + node.text);
  const std::size_t room = kMost - kDigest - 1;
  // The node's number is at the end.
  if (name.size() > room) name = sanitised(name.substr(name.size() - room));
  if (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "ray-" + digest : name + "-" + digest;
}

bool is_label_value(std::string_view text) {
  if (text.size() > kMost) return false;
  if (text.empty()) return true;
  const auto allowed = [](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.'; };
  return is_letter(text.front()) && is_letter(text.back()) &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_object_name(std::string_view text, bool label) {
  if (text.empty() || text.size() > (label ? kMost : kLongestName)) return false;
  if (!is_lower(text.front()) || !is_lower(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [label](char c) { return is_lower(c) || c == '-' || (c == '.' && !label); });
}

}  // namespace rayctl::kubernetes
