#include "autoscaler/trace.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "autoscaler/codec_fields.h"
#include "autoscaler/selector_text.h"
#include "base/text.h"

namespace rayctl {
namespace {

constexpr double kLongest = 1e9;  // seconds
constexpr std::int64_t kMost = 10'000'000;

Error mistake(const std::string& what) {
  return permanent(ErrorCode::kUsage, what);
}

/// Seconds; `otherwise` where the key is not there.
Result<Millis> duration(const Json& line, const char* key, std::optional<Millis> otherwise) {
  const auto found = line.find(key);
  if (found == line.end()) {
    if (otherwise) return *otherwise;
    return mistake("`" + std::string(key) + "` is missing");
  }
  const double seconds = found->is_number() ? found->get<double>() : -1;
  if (!(seconds >= 0 && seconds <= kLongest)) {
    return mistake("`" + std::string(key) + "` is to be seconds from 0");
  }
  return Millis{static_cast<std::int64_t>(seconds * 1000)};
}

Result<> read_bundles(const Json& list, const Json& labels, std::vector<ResourceRequest>& bundles) {
  if (!list.is_array() || list.empty()) return mistake("bundles are a list, and not empty");
  for (const Json& each : list) {
    const Result<Resources> bundle = bundle_from_json(each);
    if (!bundle) return bundle.error();
    bundles.push_back({.bundle = *bundle});
    if (labels.is_null()) continue;
    Result<LabelSelector> selector = selector_from_json(labels);
    if (!selector) return selector.error();
    bundles.back().selectors = {*std::move(selector)};
  }
  return {};
}

Result<GangStrategy> strategy_of(const Json& json) {
  const auto& words = codec::kWords<GangStrategy>;
  const auto found = std::find(words.begin(), words.end(), json);
  if (found == words.end()) {
    return mistake("`strategy` is one of pack, spread, strict-pack, strict-spread");
  }
  return static_cast<GangStrategy>(found - words.begin());
}

Result<std::vector<Demand>> asked_of(const Json& list) {
  std::map<Resources, std::int64_t> counts;
  if (!list.is_array()) return mistake("`request_resources` is a list of bundles");
  for (const Json& each : list) {
    const Result<Resources> bundle = bundle_from_json(each);
    if (!bundle) return bundle.error();
    ++counts[*bundle];
  }
  std::vector<Demand> asked;
  for (const auto& [bundle, count] : counts)
    asked.push_back({.request = {.bundle = bundle}, .count = count});
  return asked;
}

Result<> check_keys(const Json& line) {
  static const std::set<std::string> known = {"at",   "demand",   "count", "labels",
                                              "runs", "strategy", "gang",  "request_resources"};
  int kinds = 0;
  for (const auto& [key, ignored] : line.items()) {
    if (!known.contains(key)) {
      const std::string meant = nearest(key, {known.begin(), known.end()});
      return mistake("unknown key `" + key + "`" +
                     (meant.empty() ? "" : ", did you mean `" + meant + "`?"));
    }
    if (key == "demand" || key == "gang" || key == "request_resources") ++kinds;
  }
  if (kinds != 1) return mistake("one of `demand`, `gang` and `request_resources` is needed");
  return {};
}

Result<TraceEvent> event_of(const Json& line) {
  if (!line.is_object()) return mistake("not a JSON record");
  if (Result<> keys = check_keys(line); !keys) return keys.error();
  TraceEvent event;
  const Result<Millis> at = duration(line, "at", std::nullopt);
  if (!at) return at.error();
  event.at = *at;
  if (line.contains("request_resources")) {
    Result<std::vector<Demand>> asked = asked_of(line["request_resources"]);
    if (!asked) return asked.error();
    event.asked = *std::move(asked);
    return event;
  }
  const Result<Millis> runs = duration(line, "runs", Millis{60'000});
  if (!runs) return runs.error();
  event.runs = *runs;
  const Json count = line.value("count", Json(1));
  if (!count.is_number_integer() || count < 1 || count > kMost) {
    return mistake("`count` is to be a whole number from 1");
  }
  event.count = count.get<std::int64_t>();
  const bool gang = line.contains("gang");
  const Json list = gang ? line["gang"] : Json::array({line["demand"]});
  if (Result<> read = read_bundles(list, line.value("labels", Json()), event.bundles); !read) {
    return read.error();
  }
  if (gang) {
    const Result<GangStrategy> strategy = strategy_of(line.value("strategy", Json("pack")));
    if (!strategy) return strategy.error();
    event.strategy = *strategy;
  } else if (line.contains("strategy")) {
    return mistake("`strategy` belongs to a `gang`");
  }
  return event;
}

}  // namespace

Result<std::vector<TraceEvent>> parse_trace(std::string_view text) {
  std::vector<TraceEvent> events;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    Result<TraceEvent> event = event_of(Json::parse(line, nullptr, false));
    if (!event) return mistake("line " + std::to_string(number) + ": " + event.error().message);
    events.push_back(*std::move(event));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& one, const auto& other) { return one.at < other.at; });
  return events;
}

}  // namespace rayctl
