#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/load.h"
#include "model/names.h"

namespace rayctl {

/// What Ray shows of an autoscaler: `ray status`, the dashboard, and what it fails as impossible.
struct AutoscalerReport {
  struct Asked {  ///< machines that are asked for
    NodeTypeName type;
    int count = 0;
    Time at;
    bool operator==(const Asked&) const = default;
  };
  struct Starting {  ///< a machine that is not in Ray yet
    CloudId id;
    NodeTypeName type;
    std::string ip;
    std::string doing;  ///< "setting up"
    bool operator==(const Starting&) const = default;
  };
  struct Failed {
    NodeTypeName type;
    int count = 1;
    std::string reason;
    Time begun, failed;
    bool operator==(const Failed&) const = default;
  };
  std::int64_t load_version = 0;  ///< Load::version that this rests on
  std::int64_t version = 0;       ///< GCS drops a report with a lower one than the last
  std::vector<Asked> asked;
  std::vector<Starting> starting;
  std::vector<Failed> failed;
  /// What no node type can ever satisfy; never what merely waits for room.
  std::vector<ResourceRequest> impossible;
  std::vector<Gang> impossible_gangs;
  std::vector<Demand> impossible_asked;
  bool operator==(const AutoscalerReport&) const = default;
};

}  // namespace rayctl
