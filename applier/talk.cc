#include "applier/talk.h"

#include <utility>

namespace rayctl {

void Talk::begun(const Step& step, Time at) {
  const std::lock_guard lock(mutex_);
  observer_.step_begun(step, at);
}

void Talk::progress(const Step& step, const NodeName& node, std::string_view doing) {
  const std::string text = clean(std::string(doing));
  const std::lock_guard lock(mutex_);
  observer_.progress(step, node, text);
}

void Talk::output(const NodeName& node, std::string_view phase, std::string_view text) {
  const std::string cleaned = clean(std::string(text));
  const std::lock_guard lock(mutex_);
  observer_.output(node, phase, cleaned);
}

void Talk::ended(const Step& step, const StepResult& result, Time at) {
  const std::lock_guard lock(mutex_);
  observer_.step_ended(step, result, at);
}

Error Talk::clean(Error error) const {
  error.message = clean(std::move(error.message));
  for (std::string& line : error.context)
    line = clean(std::move(line));
  return error;
}

}  // namespace rayctl
