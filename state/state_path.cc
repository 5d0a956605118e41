#include "state/state_path.h"

#include "base/digest.h"

namespace rayctl {

namespace {

std::string folder_name(const std::string& cluster) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr char kDigits[] = "0123456789ABCDEF";
  constexpr std::size_t kLongest = 100, kKept = 60;
  if (cluster.empty()) return "%";  // no name is encoded so
  std::string text;
  for (const char c : cluster) {
    const bool plain = kPlain.find(c) != std::string_view::npos && !(c == '.' && text.empty());
    if (plain) {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text += '%';
      text += kDigits[byte >> 4U];
      text += kDigits[byte & 15U];
    }
  }
  // "~" is itself encoded, so a shortened name is never a whole one.
  if (text.size() > kLongest)
    return text.substr(0, kKept) + "~" + sha256_hex(cluster).substr(0, 32);
  return text;
}

}  // namespace

std::filesystem::path state_path(const std::filesystem::path& home, const ClusterName& cluster,
                                 const std::string& chosen) {
  if (!chosen.empty() && !chosen.ends_with('/')) return chosen;
  const std::filesystem::path base = chosen.empty() ? home : std::filesystem::path(chosen);
  return base / folder_name(cluster.text) / "state.db";
}

}  // namespace rayctl
