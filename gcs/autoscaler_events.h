#pragma once
#include <string>

#include "base/clock.h"

namespace rayctl {

/// One line that people read in the output of their drivers: "(autoscaler +1m2s) TEXT".
struct AutoscalerEvent {
  bool warning = false;
  std::string text;
  Time at;
  std::string id;      ///< unique; Ray's own are 36 hex digits
  std::string host;    ///< who says it
  int process_id = 0;  ///< of that
  bool operator==(const AutoscalerEvent&) const = default;
};

/// Where Ray's log monitor and its dashboard look for such lines, below a session's folder on the
/// head. The folder `logs/events` need not be there yet.
inline constexpr char kAutoscalerEventsFile[] = "logs/events/event_AUTOSCALER.log";

/// The line for that file, with its line break: what Ray writes of an event (event.proto, as JSON).
/// Bytes that are no UTF-8 are replaced, and of a longer text only the first 10,000 bytes are kept.
std::string autoscaler_event_line(const AutoscalerEvent& event);

}  // namespace rayctl
