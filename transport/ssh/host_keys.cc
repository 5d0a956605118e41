#include "transport/ssh/host_keys.h"

namespace rayctl {

std::optional<HostKey> MemoryHostKeys::pinned(const std::string& node) const {
  const std::lock_guard lock(mutex_);
  const auto found = keys_.find(node);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

Result<> MemoryHostKeys::pin(const std::string& node, const HostKey& key) {
  const std::lock_guard lock(mutex_);
  keys_[node] = key;
  return {};
}

std::string fingerprint_text(std::string_view sha256) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text = "SHA256:";
  unsigned bits = 0, held = 0;
  for (const char c : sha256) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6)
      text += kDigits[(bits >> (held - 6)) & 63U];
  }
  if (held > 0) text += kDigits[(bits << (6 - held)) & 63U];
  return text;
}

Result<> check_host_key(const std::string& node, const HostKey& pinned, const HostKey& seen) {
  if (pinned == seen) return {};
  return permanent(
      ErrorCode::kHostKeyChanged,
      "the host key of " + node + " has changed: it was " + pinned.type + " " + pinned.fingerprint +
          " and is now " + seen.type + " " + seen.fingerprint +
          "; the machine was set up anew, or another one answers at its address. If it is "
          "the machine, `rayctl state unpin " +
          node + "` forgets the old key");
}

}  // namespace rayctl
