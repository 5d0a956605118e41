#include "model/list_lag.h"

namespace rayctl {
namespace {

constexpr Millis kListLag{120'000};

bool is_prompt(const ProviderName& provider, Time then, const Observed& observed) {
  return observed.prompt.contains(provider) && then <= observed.at;
}

}  // namespace

bool is_recent(Time then, Time now) {
  return then != Time{} && now - then < kListLag && then - now < kListLag;
}

bool may_lack(const ProviderName& provider, Time then, const Observed& observed) {
  return !is_prompt(provider, then, observed) && is_recent(then, observed.at);
}

bool may_be_unlisted(const NodeRecord& record, bool launching, const Observed& observed) {
  if (record.id.empty()) return false;
  return may_lack(record.provider, record.launched_at, observed) ||
         (launching && !is_prompt(record.provider, record.launched_at, observed));
}

}  // namespace rayctl
