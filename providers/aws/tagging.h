#pragma once
#include <string>
#include <vector>

#include "model/tags.h"
#include "providers/aws/batcher.h"

namespace rayctl::aws {

/// Writes tags of machines. Callers with the same tags at about the same time share a call. A
/// machine that EC2 does not know may be too young to be seen: it is asked for again for a few
/// seconds. Thread-safe.
class Tagging {
 public:
  Tagging(Api& api, Clock& clock, Millis window = Millis{20})
      : api_(api), clock_(clock), batches_(window) {}
  /// Adds or overwrites. ray-node-name is left out: a machine has it as its Name from its launch,
  /// where the config may have put another.
  Changed set(const CloudId& id, const Tags& tags, Time deadline);
  /// The same for several, in one call.
  Changed set_all(const std::vector<CloudId>& ids, const Tags& tags, Time deadline);
  Changed remove(const CloudId& id, const std::vector<std::string>& keys, Time deadline);
  Changed remove_all(const std::vector<CloudId>& ids, const std::vector<std::string>& keys,
                     Time deadline);
  /// Makes a change to a machine, again for a while where it is not found: it may be too new.
  Changed patient(Time deadline, const std::function<Changed()>& change);

 private:
  Changed call(const std::string& action, const Params& params, const std::vector<std::string>& ids,
               Time deadline);
  Api& api_;
  Clock& clock_;
  Batcher batches_;
};

}  // namespace rayctl::aws
