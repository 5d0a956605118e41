#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/error_code.h"

namespace rayctl {

/// A place in a file a person wrote. Lines and columns count from 1; length is of the marked text.
struct Source {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;
  bool operator==(const Source&) const = default;
};

enum class Severity { kError, kWarning };

/// A mistake in what the user wrote: always a list, never only the first.
struct Diagnostic {
  Severity severity = Severity::kError;
  std::string summary;  ///< one line: what is wrong
  std::string remedy;   ///< what to do about it ("did you mean `availability_zone`?"); may be empty
  std::optional<Source> where;
  ErrorCode code = ErrorCode::kConfigInvalid;
  bool operator==(const Diagnostic&) const = default;
};

inline bool has_errors(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& each : diagnostics) {
    if (each.severity == Severity::kError) return true;
  }
  return false;
}

}  // namespace rayctl
