#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "state/store.h"
#include "transport/ssh/host_keys.h"

namespace rayctl {

/// The kind of pin that host keys are in a store: name of the machine -> "TYPE FINGERPRINT".
inline constexpr char kHostKeyPin[] = "host-key";

/// Host keys pinned in the cluster's state. Reads the store once; thread-safe. Must not outlive it.
class StateHostKeys final : public HostKeys {
 public:
  explicit StateHostKeys(StateStore& store) : store_(store) {}
  std::optional<HostKey> pinned(const std::string& node) const override;
  /// kHostKeyChanged if somebody else has pinned another key meanwhile.
  Result<> pin(const std::string& node, const HostKey& key) override;

 private:
  StateStore& store_;
  mutable std::mutex mutex_;
  mutable std::optional<std::map<std::string, std::string>> known_;
};

}  // namespace rayctl
