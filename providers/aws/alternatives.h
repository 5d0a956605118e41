#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"
#include "model/names.h"

namespace rayctl::aws {

/// Where a machine may be put.
struct Place {
  std::string zone;    ///< "" where it is not known
  std::string subnet;  ///< "": EC2 chooses
  bool operator==(const Place&) const = default;
};

/// One way to get machines: a call of RunInstances of its own.
struct Alternative {
  Place place;
  std::string type;    ///< InstanceType; "" where a launch template says it
  std::string market;  ///< "spot", "on-demand", or another MarketType
  bool operator==(const Alternative&) const = default;
};

/// What an attempt of the journal did.
struct ReadAttempt {
  std::optional<Alternative> launch;
  int count = 0;               ///< machines asked for, of a launch
  std::vector<CloudId> start;  ///< stopped machines that were started instead
  bool operator==(const ReadAttempt&) const = default;
};

/// availability_zone of the YAML: "us-west-2a,us-west-2b" or a list, in order of preference.
std::vector<std::string> read_zones(const Json& availability_zone);

/// All ways to launch this node_config, best first: the market that it names in every place, then,
/// where `spot_fallback` and it names spot, on-demand in every place.
std::vector<Alternative> alternatives(const Json& node_config, const std::vector<Place>& places,
                                      bool spot_fallback);

/// An attempt as the journal has it: "us-west-2b subnet-1 m5.large spot x3", "start i-1 i-2".
std::string launch_attempt_text(const Alternative& alternative, int count);
std::string start_attempt_text(const std::vector<CloudId>& ids);
/// What those wrote; nullopt for another text.
std::optional<ReadAttempt> read_attempt(const std::string& text);

/// Where it takes machines from: zone, type and market.
std::string capacity_key(const Alternative& alternative);

/// For people: "us-west-2a spot", "us-west-2a".
std::string describe(const Alternative& alternative);

}  // namespace rayctl::aws
