#include "providers/gcp/launching.h"

#include "providers/gcp/launch.h"

namespace rayctl::gcp {

Result<std::vector<CloudNode>> Launching::launch(const LaunchRequest& request,
                                                 const LaunchPlan& plan, Time deadline) {
  LaunchRequest known = request;
  {
    const std::lock_guard lock(mutex_);
    const auto before = attempts_.find(request.token);
    if (before != attempts_.end()) known.attempts = before->second;
  }
  Launch launch(*this, known, plan, deadline);
  Result<std::vector<CloudNode>> made = launch.run();
  const bool over = made || made.error().fault == Fault::kPermanent;
  const std::lock_guard lock(mutex_);
  if (over) {
    attempts_.erase(request.token);
  } else {
    attempts_[request.token] = launch.attempts();
  }
  return made;
}

}  // namespace rayctl::gcp
