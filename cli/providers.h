#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/io.h"
#include "model/config.h"
#include "providers/cloud_desk.h"
#include "providers/provider.h"
#include "state/store.h"

namespace rayctl {

/// What a provider is made from. The references outlive what is made.
struct ProviderSetting {
  const Config& config;
  std::filesystem::path state_root;  ///< where the state of all clusters of this user lives
  std::string program;               ///< path of this program, for providers that start it again
  const Io& io;
  Clock& clock;
  StateStore& store;  ///< of the cluster
  /// The public line of the key by which the cluster's autoscaler opens machines, to be accepted by
  /// every machine that is made; "" while there is none.
  std::function<std::string()> worker_key{};
  std::string context{};      ///< --context: which one of the kubeconfig; "": as the config says
  std::string impersonate{};  ///< --impersonate: a service account of Google Cloud
};

/// A provider and the way to its machines.
struct ProviderParts {
  std::unique_ptr<Provider> provider;
  std::unique_ptr<NodeAccess> access;
  std::unique_ptr<CloudDesk> desk;  ///< null where the place is no cloud
  /// POSIX sh for a machine: prints when it will be taken away (as format_time writes) or nothing;
  /// "" where none ever is.
  std::string notice_script{};
  bool by_ssh = true;  ///< machines are opened by a key
  /// What Ray's own monitor on a head is to read, made of the cluster's file in Ray's form; null
  /// where that does as it is.
  std::function<Result<std::string>(const std::string& config, Time deadline)> head_config{};
};

using MakeProvider = std::function<Result<ProviderParts>(const ProviderSetting&)>;

/// The kinds of providers that there are, by provider.type. Filled once, then read-only.
class ProviderRegistry {
 public:
  void add(const std::string& type, MakeProvider make) { makers_[type] = std::move(make); }
  /// kNotSupported for a type that this program does not have.
  Result<ProviderParts> make(const ProviderName& type, const ProviderSetting& setting) const;
  std::vector<std::string> types() const;

 private:
  std::map<std::string, MakeProvider> makers_;
};

/// The providers of this program, one line each.
const ProviderRegistry& builtin_providers();

}  // namespace rayctl
