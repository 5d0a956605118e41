#include "cli/autoscale/lease_record.h"

#include "cli/autoscale/record_json.h"

namespace rayctl {
namespace codec {

template <>
inline constexpr auto kWords<LeaseKind> = std::array<const char*, 2>{"operator", "autoscaler"};

template <>
inline constexpr auto kFields<LeaseRecord> =
    std::tuple{Field{"autoscaler", &LeaseRecord::autoscaler},
               Field{"ended", &LeaseRecord::ended},
               Field{"epoch", &LeaseRecord::epoch},
               Field{"expires", &LeaseRecord::expires},
               Field{"heartbeat", &LeaseRecord::heartbeat},
               Field{"id", &LeaseRecord::id},
               Field{"kind", &LeaseRecord::kind},
               Field{"owner", &LeaseRecord::owner},
               Field{"process", &LeaseRecord::process},
               Field{"program", &LeaseRecord::program},
               Field{"since", &LeaseRecord::since},
               Field{"successor", &LeaseRecord::successor},
               Field{"waiting", &LeaseRecord::waiting}};

}  // namespace codec

std::string encode(const LeaseRecord& record) {
  return codec::record_text(record, kLeaseFormat);
}

Result<LeaseRecord> decode_lease(const std::string& text) {
  return codec::record_of<LeaseRecord>(text, kLeaseFormat, "the cluster's lease");
}

std::string describe(const LeaseRecord& record) {
  if (record.free()) return "nobody";
  return record.owner +
         (record.kind == LeaseKind::kAutoscaler ? " (autoscaler, rayctl " : " (rayctl ") +
         record.program + ", since " + format_time(record.since).substr(11, 8) + " UTC)";
}

}  // namespace rayctl
