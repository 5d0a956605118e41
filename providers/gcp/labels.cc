#include "providers/gcp/labels.h"

#include <algorithm>
#include <optional>

namespace rayctl::gcp {
namespace {

constexpr std::size_t kLongest = 63;
constexpr char kSuffix[] = "-b32";
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";

bool fits(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' ||
         letter == '-';
}

// Base32 with the digits that RFC 4648 calls base32hex, in lower case and without padding.
std::string to_base32(std::string_view bytes) {
  std::string text;
  unsigned held = 0;
  int bits = 0;
  for (const char byte : bytes) {
    held = held << 8U | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 5; bits -= 5)
      text += kDigits[held >> static_cast<unsigned>(bits - 5) & 31U];
  }
  if (bits > 0) text += kDigits[held << static_cast<unsigned>(5 - bits) & 31U];
  return text;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string bytes;
  unsigned held = 0;
  int bits = 0;
  for (const char digit : text) {
    const std::size_t value = kDigits.find(digit);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 5U | static_cast<unsigned>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> static_cast<unsigned>(bits) & 255U);
  }
  return bytes;
}

std::string key_of_part(const std::string& tag, std::size_t part) {
  return tag + kSuffix + (part == 0 ? "" : "-" + std::to_string(part + 1));
}

/// The keys that a label may say a tag under: its own, and those of the parts that are there.
void erase_tag(Labels& labels, const std::string& tag) {
  labels.erase(tag);
  for (std::size_t part = 0; labels.erase(key_of_part(tag, part)) > 0; ++part) {
  }
}

}  // namespace

bool is_label_value(const std::string& text) {
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), fits);
}

Labels to_labels(const std::string& tag, const std::string& value) {
  if (is_label_value(value)) return {{tag, value}};
  Labels labels;
  const std::string encoded = to_base32(value);
  for (std::size_t at = 0; at < encoded.size(); at += kLongest)
    labels[key_of_part(tag, at / kLongest)] = encoded.substr(at, kLongest);
  return labels;
}

Labels to_labels(const Tags& tags) {
  Labels labels;
  for (const auto& [tag, value] : tags)
    labels.merge(to_labels(tag, value));
  return labels;
}

Tags from_labels(const Labels& labels) {
  Tags tags = labels;
  for (const auto& [key, first] : labels) {
    if (!key.ends_with(kSuffix)) continue;
    const std::string tag = key.substr(0, key.size() - std::string_view(kSuffix).size());
    std::string encoded;
    for (std::size_t part = 0;; ++part) {
      const auto found = labels.find(key_of_part(tag, part));
      if (found == labels.end()) break;
      encoded += found->second;
    }
    const std::optional<std::string> value = from_base32(encoded);
    if (!value) continue;
    erase_tag(tags, tag);
    tags[tag] = *value;
  }
  return tags;
}

void change_labels(Labels& labels, const Tags& set, const std::vector<std::string>& remove) {
  for (const std::string& tag : remove)
    erase_tag(labels, tag);
  for (const auto& [tag, value] : set) {
    erase_tag(labels, tag);
    labels.merge(to_labels(tag, value));
  }
}

std::string label_filter(const std::string& tag, const std::string& value) {
  std::string filter;
  for (const auto& [key, part] : to_labels(tag, value))
    filter += (filter.empty() ? "(labels." : " AND (labels.") + key + " = \"" + part + "\")";
  return filter;
}

}  // namespace rayctl::gcp
