#pragma once
#include <string>

#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// What a call of Compute Engine that changes something began.
struct Operation {
  std::string name;
  std::string zone;    ///< "us-west1-a"; "" where it is global or of a region
  std::string region;  ///< "us-west1"; "" where it is not of a region
  bool done = false;
  ApiError error;  ///< of one that ended badly: all of its errors, the first one's code as reason
  bool failed() const { return !error.reason.empty() || error.status != 0; }
  bool operator==(const Operation&) const = default;
};

Operation parse_operation(const Json& json);

/// Waits until the operation has ended, by a call that answers when it has: the operation as it
/// ended, well or badly. kUnknown if that cannot be asked, or it has not ended by the deadline; the
/// message says for how long it was waited.
Reply<Operation> end_of(Api& api, Clock& clock, const std::string& project, Operation operation,
                        Time deadline);

/// The same; one that failed is an error, by the rules of errors.h.
Reply<Operation> wait_for(Api& api, Clock& clock, const std::string& project, Operation operation,
                          Time deadline);

/// Makes a call that begins an operation, and waits for that.
Reply<Operation> call_and_wait(Api& api, Clock& clock, const std::string& project, const Call& call,
                               Time deadline);

/// A requestId of a call: the same for the same text, a valid UUID.
std::string request_id(const std::string& text);

}  // namespace rayctl::gcp
