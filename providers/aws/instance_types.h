#pragma once
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// What a machine offers, in Ray's words, as Ray 2.60 fills it in for AWS: "CPU", "memory" in bytes
/// (less what Ray keeps for its object store), "GPU" with "accelerator_type:A10G", "neuron_cores"
/// with "accelerator_type:aws-neuron-core". Ray leaves "memory" out for the head.
using Offer = std::map<std::string, double>;

/// The offers in an answer of DescribeInstanceTypes, by type.
std::map<std::string, Offer> parse_instance_types(const pugi::xml_node& root);

/// Looks up instance types, only those that are asked for, and remembers them in a file for 30
/// days. A file that cannot be read is made anew; one that cannot be written is done without.
/// Thread-safe.
class InstanceTypes {
 public:
  /// `cache` may be "": nothing is kept.
  InstanceTypes(Api& api, Clock& clock, std::filesystem::path cache)
      : api_(api), clock_(clock), cache_(std::move(cache)) {}
  /// In the order of `types`; empty for one that the region does not have, and for "".
  Result<std::vector<Offer>> offers(const std::vector<std::string>& types, Time deadline);

 private:
  struct Known {
    Time at{};
    Offer offer;
  };
  void load();
  void save() const;
  Result<> look_up(const std::vector<std::string>& types, Time deadline);

  Api& api_;
  Clock& clock_;
  const std::filesystem::path cache_;
  std::mutex mutex_;
  bool loaded_ = false;
  std::map<std::string, Known> known_;
};

}  // namespace rayctl::aws
