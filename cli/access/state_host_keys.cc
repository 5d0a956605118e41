#include "cli/access/state_host_keys.h"

namespace rayctl {
namespace {

HostKey read_key(const std::string& text) {
  const std::size_t space = text.find(' ');
  if (space == std::string::npos) return {text, ""};
  return {text.substr(0, space), text.substr(space + 1)};
}

}  // namespace

std::optional<HostKey> StateHostKeys::pinned(const std::string& node) const {
  const std::lock_guard lock(mutex_);
  if (!known_) {
    Result<std::map<std::string, std::string>> pins = store_.pins(kHostKeyPin);
    // A store that cannot be read fails the pinning, and the run long before that.
    if (!pins) return std::nullopt;
    known_ = *std::move(pins);
  }
  const auto found = known_->find(node);
  if (found == known_->end()) return std::nullopt;
  return read_key(found->second);
}

Result<> StateHostKeys::pin(const std::string& node, const HostKey& key) {
  Result<std::string> pinned = store_.pin(kHostKeyPin, node, key.type + " " + key.fingerprint);
  if (!pinned) return in_context(pinned.error(), "pinning the host key of " + node);
  {
    const std::lock_guard lock(mutex_);
    if (known_) known_->insert_or_assign(node, *pinned);
  }
  return check_host_key(node, read_key(*pinned), key);
}

}  // namespace rayctl
