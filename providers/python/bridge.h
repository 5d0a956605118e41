#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/names.h"
#include "providers/python/host_process.h"

namespace rayctl::python {

/// What is known of a class once it is loaded.
struct ClassFacts {
  std::string name;           ///< "package.module.Class"
  std::string file;           ///< where its source is
  std::string ray;            ///< the version of Ray that it runs on; "" for the bundled interface
  std::set<std::string> own;  ///< methods of the interface that are its own
  bool readonly = false;
};

struct BridgeSettings {
  HostSettings host;
  Json provider;                   ///< the section of the YAML, with `type`; secrets in the clear
  std::function<Json()> config;    ///< the whole file in Ray's form; asked once
  std::vector<std::string> paths;  ///< folders where the class is looked for too
  /// What `bootstrap` gave in an earlier run, null for nothing; and where that is kept.
  std::function<Json()> known;
  std::function<void(const Json& additions)> keep;
  /// Told of each failure that has a traceback or last words, once. Without it they are in the
  /// errors' context.
  std::function<void(const HostFailure& failure, const std::string& class_name)> report{};
};

/// The way to a provider class: starts its process when it is first needed, loads the class, and
/// starts another once that has ended. Thread-safe.
class Bridge {
 public:
  Bridge(BridgeSettings settings, Clock& clock);

  /// One operation of docs/formats/provider_host.md. After a passed deadline the process is ended:
  /// what hangs in it would hang for ever.
  HostAnswer call(const std::string& op, const ClusterName& cluster, Json arguments, Time deadline);
  /// The same, a failure as an Error.
  Result<Json> ask(const std::string& op, const ClusterName& cluster, Json arguments,
                   Time deadline);
  Result<ClassFacts> facts(Time deadline);
  /// Has the class complete the config, once for each process: what it makes at its provider for
  /// that is there afterwards.
  std::optional<HostFailure> bootstrap(const ClusterName& cluster, Time deadline);
  Error error(const HostFailure& failure) const;

 private:
  std::shared_ptr<HostProcess> ready(Time deadline, HostFailure& why);
  void report(const HostFailure& failure);
  Millis until(Time deadline) const;

  const BridgeSettings settings_;
  Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<HostProcess> host_;
  ClassFacts facts_;
  Json config_;
  std::shared_ptr<HostProcess> bootstrapped_;  ///< the process that has done it
  std::mutex bootstrapping_;
  std::set<std::vector<std::string>> reported_;
};

}  // namespace rayctl::python
