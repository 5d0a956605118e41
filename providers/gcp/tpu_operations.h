#pragma once
#include <string>

#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// A call about nodes, which may be made again: "create" makes none twice, as it names the node.
Call tpu_call(const char* method, const char* verb, std::string path);

/// What a call of Cloud TPU that changes something began. Unlike Compute Engine's it is asked for
/// until it is done, and then has an answer or an error of gRPC.
struct TpuOperation {
  std::string name;  ///< "projects/p/locations/us-central1-b/operations/operation-1"
  bool done = false;
  ApiError error;  ///< of one that ended badly, with the reason as tpu_error() says it
  bool failed() const { return !error.reason.empty(); }
};

TpuOperation parse_tpu_operation(const Json& json);

/// An error with the reason that tells what can be done about it: Cloud TPU says RESOURCE_EXHAUSTED
/// of its capacity ("STOCKOUT"), of a quota ("QUOTA_EXCEEDED") and of too many calls.
ApiError tpu_error(ApiError error);

/// Makes a call that begins an operation. While another operation changes the same node it is made
/// again, until the deadline. The error's reason is as tpu_error() says it.
Reply<TpuOperation> begin_tpu_operation(Api& api, Clock& clock, const Call& call, Time deadline);

/// Waits until an operation has ended: as it ended, or what it failed with (`doing`:
/// "tpu.projects.locations.nodes.create"), by the rules of errors.h. kUnknown if it has not ended
/// by the deadline.
Reply<TpuOperation> wait_for_tpu(Api& api, Clock& clock, const std::string& doing,
                                 TpuOperation operation, Time deadline);

}  // namespace rayctl::gcp
