#pragma once
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "providers/aws/api.h"

namespace rayctl::aws {

/// How a change of one machine ended.
using Changed = Reply<std::monostate>;

/// Makes one call of what several threads ask for at about the same time: the first waits a moment
/// for others with the same key, and calls for all of them. Where the call fails because of one of
/// them, the halves are tried apart, so that each gets its own answer. Thread-safe.
class Batcher {
 public:
  /// Changes all of these, or none and says why.
  using Call = std::function<Changed(const std::vector<std::string>& ids, Time deadline)>;
  explicit Batcher(Millis window = Millis{20}, std::size_t most = 1000)
      : window_(window), most_(most) {}
  /// Changes `id` by `call`, which must do the same for every caller with this key.
  Changed run(const std::string& key, const std::string& id, Time deadline, const Call& call);

 private:
  struct Batch {
    std::vector<std::string> ids;
    Time deadline{};  ///< the latest of its callers
    bool done = false;
    std::map<std::string, Changed> ends;
  };
  void finish(Batch& batch, const Call& call);

  const Millis window_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<Batch>> open_;  ///< those that still take more
};

}  // namespace rayctl::aws
