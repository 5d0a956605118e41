#include "autoscaler/patience.h"

#include <algorithm>

#include "base/backoff.h"

namespace rayctl {
namespace {

constexpr Millis kQuiet{30 * 60'000};
constexpr BackoffPolicy kLaunch{.first = Millis{5'000}, .most = Millis{10 * 60'000}};
constexpr BackoffPolicy kJoin{.first = Millis{30'000}, .most = Millis{10 * 60'000}};
constexpr BackoffPolicy kSetUp{.first = Millis{60'000}, .most = Millis{30 * 60'000}};

}  // namespace

bool is_quarantine(Happened::Kind kind) {
  return kind == Happened::Kind::kSetUpFailed || kind == Happened::Kind::kJoinFailed;
}

Millis wait_after(Happened::Kind kind, int in_a_row) {
  const BackoffPolicy& policy = kind == Happened::Kind::kSetUpFailed  ? kSetUp
                                : kind == Happened::Kind::kJoinFailed ? kJoin
                                                                      : kLaunch;
  return backoff_delay(policy, std::max(in_a_row, 1) - 1, 1.0);
}

Time forgotten_at(const Trouble& trouble) {
  return std::max(trouble.retry_at, trouble.last) + kQuiet;
}

double recovered(const Trouble& trouble, Time now) {
  const double whole = static_cast<double>((forgotten_at(trouble) - trouble.last).count());
  return std::clamp(static_cast<double>((now - trouble.last).count()) / whole, 0.0, 1.0);
}

}  // namespace rayctl
