#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/http_client.h"
#include "providers/kubernetes/connection.h"

namespace rayctl::kubernetes {

/// One thing to ask an API server, and what to make of its refusals.
struct Asking {
  std::string doing;          ///< for messages
  std::vector<int> expected;  ///< besides 2xx and 101
  bool repeatable = false;
  bool inert = false;  ///< a refusal of whatever kind means that nothing was done
  /// Sends it once; `until`: when this try must be over.
  std::function<Result<HttpResponse>(const Line& line, Time until)> send;
};

struct TryRules {
  Clock* clock = nullptr;
  BackoffPolicy backoff;
  std::function<double()> random;
  std::stop_token stop;
};

/// Asks until there is an answer, by the rules of Api.
Result<HttpResponse> ask(Connection& connection, const Asking& asking, const TryRules& rules,
                         Time deadline);

}  // namespace rayctl::kubernetes
