#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/json.h"

namespace rayctl::python {

/// Why a call has no result (docs/formats/provider_host.md, Lines).
struct HostFailure {
  /// One of that page's kinds; "ended" where the process went away, "silent" where it did not even
  /// say that time is over, "start" where it never ran.
  std::string kind;
  std::string method;              ///< of the class; "" where none was running
  std::string node;                ///< that the call was about; ""
  std::string message;             ///< one line
  std::vector<std::string> lines;  ///< the last ones of the traceback, or of what was printed
};

/// What a call of the host gave.
struct HostAnswer {
  Json ok;  ///< null where it failed
  std::optional<HostFailure> failure;
  explicit operator bool() const { return !failure; }
};

/// Reads an answer's line; a failure of kind "request" where it is none.
HostAnswer read_answer(Json line);

/// "create_node of my.Class raised ValueError: boom (node i-1)", with the traceback's last lines as
/// context. kUnknown where the method may have had an effect that nobody saw the end of.
Error error_of(const HostFailure& failure, const std::string& class_name);

}  // namespace rayctl::python
