#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "providers/gcp/launch_calls.h"
#include "providers/gcp/launching.h"

namespace rayctl::gcp {

/// One call of Launching::launch. Not thread-safe.
class Launch {
 public:
  Launch(Launching& with, const LaunchRequest& request, const LaunchPlan& plan, Time deadline);
  Result<std::vector<CloudNode>> run();
  /// All attempts, those of before too.
  const std::vector<LaunchAttempt>& attempts() const { return attempts_; }

 private:
  /// How an attempt ended for the others.
  enum class Next { kGoOn, kStop };
  Result<Next> resume();
  Result<Next> repeat(std::size_t at);
  Result<Next> start_stopped();
  Result<Next> start(std::size_t at, const std::vector<CloudId>& ids);
  Result<Next> try_alternatives();
  Result<Next> call(std::size_t at, const Alternative& alternative, int count);
  Result<Next> take_ends(std::size_t at, const Alternative& alternative,
                         const std::vector<Asked>& machines);
  Result<> begin(const std::string& what);
  Result<> end(std::size_t at, std::vector<CloudId> made);
  Result<> journal();
  Result<std::vector<CloudNode>> list();
  Result<> look_at_made();
  Error open_ended(Error error) const;
  Result<std::vector<CloudNode>> finish();
  bool tried(const Alternative& alternative) const;
  /// Who has no machine from the attempts before number `at`, in the request's order.
  std::vector<NodeName> waiting(std::size_t at) const;
  std::vector<Asked> asked(std::size_t at, std::size_t count) const;
  void trouble(const std::string& where, const std::map<std::string, int>& told);
  std::vector<CloudId> unseen() const;

  Launching& with_;
  const LaunchRequest& request_;
  const LaunchPlan& plan_;
  const Time deadline_;
  std::vector<LaunchAttempt> attempts_;
  std::map<CloudId, CloudNode> seen_;  ///< of those that were made, what is known of them
  std::vector<std::string> troubles_;  ///< "us-west1-a: ZONE_RESOURCE_POOL_EXHAUSTED: ..."
  std::optional<Error> stopped_by_;    ///< what no other alternative would be better for
};

}  // namespace rayctl::gcp
