#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "providers/aws/launching.h"

namespace rayctl::aws {

/// One call of Launching::launch. Not thread-safe.
class Launch {
 public:
  Launch(Launching& with, const LaunchRequest& request, const Json& node_config, Time deadline);
  Result<std::vector<CloudNode>> run();
  /// All attempts, those of before too.
  const std::vector<LaunchAttempt>& attempts() const { return attempts_; }

 private:
  /// How an attempt ended for the others.
  enum class Next { kGoOn, kStop };
  Result<> accept_worker_key();
  Result<Next> resume();
  Result<Next> repeat(LaunchAttempt& attempt);
  Result<Next> start_stopped();
  Result<Next> start(LaunchAttempt& attempt, const std::vector<CloudId>& ids);
  Result<Next> try_alternatives();
  Result<Next> call(LaunchAttempt& attempt, const Alternative& alternative, int count);
  Reply<Answer> run_instances(const Params& params);
  Result<Next> failed(LaunchAttempt& attempt, const Alternative& alternative,
                      const Reply<Answer>& reply);
  Result<Next> made_before(LaunchAttempt& attempt, const std::string& where, const ApiError& said);
  Result<> begin(const std::string& what);
  Result<> end(LaunchAttempt& attempt, std::vector<CloudId> made);
  Result<> journal();
  Result<> look_at_made();
  Error open_ended(Error error) const;
  Result<std::vector<CloudNode>> finish();
  bool tried(const Alternative& alternative) const;
  int missing() const;
  void keep(const std::vector<Ec2Instance>& instances);

  Launching& with_;
  const LaunchRequest& request_;
  Json node_config_;
  const Time deadline_;
  std::vector<LaunchAttempt> attempts_;
  std::map<CloudId, CloudNode> seen_;  ///< of those that were made, what is known of them
  std::vector<std::string> troubles_;  ///< "us-west-2a: InsufficientInstanceCapacity: ..."
  std::optional<Error> stopped_by_;    ///< what no other alternative would be better for
};

}  // namespace rayctl::aws
