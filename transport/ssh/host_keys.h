#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayctl {

struct HostKey {
  std::string type;         ///< "ssh-ed25519", "ecdsa-sha2-nistp256", ..., "ssh-rsa"
  std::string fingerprint;  ///< "SHA256:..." as OpenSSH prints it
  bool operator==(const HostKey&) const = default;
};

/// The host keys that nodes are known by. The first key that a node logs us in with is pinned; from
/// then on another one is an error. Implementations are thread-safe.
class HostKeys {
 public:
  virtual ~HostKeys() = default;
  virtual std::optional<HostKey> pinned(const std::string& node) const = 0;
  /// Called after the first successful login.
  virtual Result<> pin(const std::string& node, const HostKey& key) = 0;
};

/// Pins that last as long as the object.
class MemoryHostKeys final : public HostKeys {
 public:
  std::optional<HostKey> pinned(const std::string& node) const override;
  Result<> pin(const std::string& node, const HostKey& key) override;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, HostKey> keys_;
};

/// "SHA256:" and the digest (32 bytes) in base64 without padding.
std::string fingerprint_text(std::string_view sha256);
/// kPermanent, kHostKeyChanged, naming both fingerprints, unless the key is the pinned one.
Result<> check_host_key(const std::string& node, const HostKey& pinned, const HostKey& seen);

}  // namespace rayctl
