#pragma once
#include <optional>
#include <string>
#include <vector>

#include "model/json.h"
#include "model/names.h"

namespace rayctl::gcp {

/// One way to get machines: a zone, a type, a market.
struct Alternative {
  std::string zone;
  std::string type;    ///< "n1-standard-2"; "" where a template says it
  std::string market;  ///< "spot" (preemptible too) or "on-demand"
  bool operator==(const Alternative&) const = default;
};

inline constexpr char kOnDemand[] = "on-demand";
inline constexpr char kSpot[] = "spot";

/// What an attempt of the journal did.
struct ReadAttempt {
  std::optional<Alternative> launch;
  int count = 0;               ///< machines asked for, of a launch
  std::vector<CloudId> start;  ///< stopped machines that were started instead
  bool operator==(const ReadAttempt&) const = default;
};

/// availability_zone of the YAML: "us-west1-a,us-west1-b", in order of preference.
std::vector<std::string> read_zones(const Json& availability_zone);

/// All ways to launch machines of this type, best first: the market of the config in every zone,
/// then, where `spot_fallback` and that is spot, on demand in every zone.
std::vector<Alternative> alternatives(const std::string& type, bool spot,
                                      const std::vector<std::string>& zones, bool spot_fallback);

/// An attempt as the journal has it: "us-west1-a n1-standard-2 spot x3", "start ray-demo-1".
std::string launch_attempt_text(const Alternative& alternative, int count);
std::string start_attempt_text(const std::vector<CloudId>& ids);
/// What those wrote; nullopt for another text.
std::optional<ReadAttempt> read_attempt(const std::string& text);

/// Where it takes machines from: zone, type and market.
std::string capacity_key(const Alternative& alternative);

/// For people: "us-west1-a spot", "us-west1-a".
std::string describe(const Alternative& alternative);

}  // namespace rayctl::gcp
