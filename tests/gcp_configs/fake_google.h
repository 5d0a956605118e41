#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// Google as a table: what it answers to each path. Set it up before threads start; the calls are
/// thread-safe.
class FakeGoogle final : public Api {
 public:
  Reply<Json> call(const Call& call, Time deadline) override;
  int calls(const std::string& id) const;
  std::vector<Call> made() const;

  std::map<std::string, Json> answers;     ///< by path; others are not found
  std::map<std::string, ApiError> errors;  ///< by path, in place of an answer

 private:
  mutable std::mutex mutex_;
  std::vector<Call> made_;
};

/// What a call would be on the wire: {"id", "verb", "url", "query", "body"}.
Json on_the_wire(const Call& call);

}  // namespace rayctl::gcp
