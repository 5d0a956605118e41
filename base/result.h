#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error_code.h"

namespace rayctl {

/// What a caller may usefully do about a failure. Nothing else about an error is ever branched
/// on by the pipeline; the rest is for people.
enum class Fault {
  kUnknown,    ///< the effect may or may not have happened: observe before acting
  kTransient,  ///< it did not happen and may succeed later: retry with backoff
  kPermanent,  ///< it did not happen and will not: report, do not retry
  kConflict,   ///< someone else moved first: re-read, re-plan
};

/// A failure of the world (never a bug, never a mistake in the YAML: those are diagnostics).
struct Error {
  Fault fault = Fault::kUnknown;
  ErrorCode code = ErrorCode::kInternal;
  std::string message;               ///< one line, no trailing period needed, no secret
  std::vector<std::string> context;  ///< outermost last; also the last lines of a failed command
  bool operator==(const Error&) const = default;
};

/// Adds what was being done when `error` came up.
inline Error in_context(Error error, std::string doing) {
  error.context.push_back(std::move(doing));
  return error;
}

inline Error permanent(ErrorCode code, std::string message) {
  return {Fault::kPermanent, code, std::move(message), {}};
}
inline Error transient(ErrorCode code, std::string message) {
  return {Fault::kTransient, code, std::move(message), {}};
}
inline Error unknown_outcome(ErrorCode code, std::string message) {
  return {Fault::kUnknown, code, std::move(message), {}};
}
inline Error conflict(ErrorCode code, std::string message) {
  return {Fault::kConflict, code, std::move(message), {}};
}

/// A value or the Error that prevented it. Stands in for std::expected (C++23). Reading the
/// wrong side is a bug and throws std::bad_variant_access.
template <class T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result()
    requires std::is_same_v<T, std::monostate>
      : rep_(std::in_place_index<0>) {}
  Result(T value) : rep_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : rep_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit
  explicit operator bool() const { return rep_.index() == 0; }
  bool ok() const { return rep_.index() == 0; }
  const T& operator*() const& { return std::get<0>(rep_); }
  T& operator*() & { return std::get<0>(rep_); }
  T&& operator*() && { return std::get<0>(std::move(rep_)); }
  const T* operator->() const { return &std::get<0>(rep_); }
  T* operator->() { return &std::get<0>(rep_); }
  const Error& error() const { return std::get<1>(rep_); }
  bool operator==(const Result&) const = default;

 private:
  std::variant<T, Error> rep_;
};

}  // namespace rayctl
