#include "gcs/autoscaler_events.h"

#include <chrono>

#include "model/json.h"

namespace rayctl {
namespace {

constexpr std::size_t kMostText = 10'000;

}  // namespace

std::string autoscaler_event_line(const AutoscalerEvent& event) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(event.at).time_since_epoch();
  const Json line = {{"event_id", event.id},
                     {"timestamp", std::to_string(seconds.count())},
                     {"severity", event.warning ? "WARNING" : "INFO"},
                     {"label", ""},
                     {"message", event.text.substr(0, kMostText)},
                     {"source_type", "AUTOSCALER"},
                     {"source_hostname", event.host},
                     {"source_pid", event.process_id},
                     {"custom_fields", Json::object()}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rayctl
