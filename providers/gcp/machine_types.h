#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"
#include "providers/gcp/machine_offer.h"

namespace rayctl::gcp {

/// Looks up machine types, only those that are asked for, and remembers them in a file for 30 days.
/// A file that cannot be read is made anew; one that cannot be written is done without.
/// Thread-safe.
class MachineTypes {
 public:
  /// `cache` may be "": nothing is kept. Types are those of the place's first zone that has them.
  MachineTypes(Api& api, Clock& clock, GcePlace place, std::filesystem::path cache)
      : api_(api), clock_(clock), place_(std::move(place)), cache_(std::move(cache)) {}
  /// What a machine of each of these node configs offers, guestAccelerators and templates too, in
  /// their order; empty where no zone has the type. Of a TPU what Ray says of it.
  Result<std::vector<Offer>> offers(const std::vector<Json>& node_configs, Time deadline);

 private:
  struct Known {
    Time at{};
    Offer offer;
  };
  void load();
  void save() const;
  Result<Offer> offer(const Json& node_config, std::map<std::string, Json>& templates,
                      Time deadline);
  Result<Offer> type_offer(const std::string& type, Time deadline);
  std::string key(const std::string& type) const;

  Api& api_;
  Clock& clock_;
  const GcePlace place_;
  const std::filesystem::path cache_;
  std::mutex mutex_;
  bool loaded_ = false;
  bool changed_ = false;
  std::map<std::string, Known> known_;  ///< by region and type
};

}  // namespace rayctl::gcp
