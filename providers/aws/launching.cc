#include "providers/aws/launching.h"

#include "providers/aws/launch.h"

namespace rayctl::aws {

Result<std::vector<CloudNode>> Launching::launch(const LaunchRequest& request,
                                                 const Json& node_config, Time deadline) {
  LaunchRequest known = request;
  {
    const std::lock_guard lock(mutex_);
    const auto before = attempts_.find(request.token);
    if (before != attempts_.end()) known.attempts = before->second;
  }
  Launch launch(*this, known, node_config, deadline);
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

}  // namespace rayctl::aws
