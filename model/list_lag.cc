#include "model/list_lag.h"

namespace rayctl {
namespace {

constexpr Millis kListLag{120'000};

}  // namespace

bool is_recent(Time then, Time now) {
  return then != Time{} && now - then < kListLag && then - now < kListLag;
}

bool may_be_unlisted(const NodeRecord& record, bool launching, const Observed& observed) {
  if (record.id.empty()) return false;
  const bool prompt =
      observed.prompt.contains(record.provider) && record.launched_at <= observed.at;
  return !prompt && (launching || is_recent(record.launched_at, observed.at));
}

}  // namespace rayctl
