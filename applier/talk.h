#pragma once
#include <mutex>
#include <string>
#include <string_view>

#include "applier/applier.h"
#include "base/redact.h"

namespace rayctl {

/// Lets the threads of a run speak to its observer one at a time, without known secrets.
/// Thread-safe.
class Talk {
 public:
  Talk(ApplyObserver& observer, Redactor redactor)
      : observer_(observer), redactor_(std::move(redactor)) {}

  void begun(const Step& step, Time at);
  void progress(const Step& step, const NodeName& node, std::string_view doing);
  void output(const NodeName& node, std::string_view phase, std::string_view text);
  void ended(const Step& step, const StepResult& result, Time at);
  /// Text that may go to a person or a record.
  std::string clean(std::string text) const { return redactor_.apply(std::move(text)); }
  Error clean(Error error) const;

 private:
  std::mutex mutex_;
  ApplyObserver& observer_;
  const Redactor redactor_;
};

}  // namespace rayctl
