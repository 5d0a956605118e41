#include "providers/gcp/alternatives.h"

#include <charconv>

#include "base/text.h"

namespace rayctl::gcp {
namespace {

std::optional<int> read_count(const std::string& word) {
  int count = 0;
  const char* end = word.data() + word.size();
  if (word.size() < 2 || word[0] != 'x') return std::nullopt;
  const auto [rest, failed] = std::from_chars(word.data() + 1, end, count);
  if (failed != std::errc() || rest != end || count < 1) return std::nullopt;
  return count;
}

}  // namespace

std::vector<std::string> read_zones(const Json& availability_zone) {
  std::vector<std::string> zones;
  if (!availability_zone.is_string()) return zones;
  for (const std::string& part : split(availability_zone.get<std::string>(), ',')) {
    if (std::string zone = trim(part); !zone.empty()) zones.push_back(std::move(zone));
  }
  return zones;
}

std::vector<Alternative> alternatives(const std::string& type, bool spot,
                                      const std::vector<std::string>& zones, bool spot_fallback) {
  std::vector<std::string> markets = {spot ? kSpot : kOnDemand};
  if (spot && spot_fallback) markets.emplace_back(kOnDemand);
  std::vector<Alternative> all;
  for (const std::string& market : markets) {
    for (const std::string& zone : zones)
      all.push_back({zone, type, market});
  }
  return all;
}

std::string launch_attempt_text(const Alternative& alternative, int count) {
  return join({alternative.zone, alternative.type.empty() ? "-" : alternative.type,
               alternative.market, "x" + std::to_string(count)},
              " ");
}

std::string start_attempt_text(const std::vector<CloudId>& ids) {
  std::string text = "start";
  for (const CloudId& id : ids)
    text += " " + id.text;
  return text;
}

std::optional<ReadAttempt> read_attempt(const std::string& text) {
  const std::vector<std::string> words = split(text, ' ');
  ReadAttempt attempt;
  if (words[0] == "start") {
    for (std::size_t i = 1; i < words.size(); ++i)
      attempt.start.push_back({words[i]});
    return attempt;
  }
  if (words.size() != 4) return std::nullopt;
  const std::optional<int> count = read_count(words[3]);
  if (!count) return std::nullopt;
  attempt.count = *count;
  attempt.launch = Alternative{words[0], words[1] == "-" ? "" : words[1], words[2]};
  return attempt;
}

std::string capacity_key(const Alternative& alternative) {
  return join({alternative.zone, alternative.type, alternative.market}, " ");
}

std::string describe(const Alternative& alternative) {
  return alternative.zone + (alternative.market == kOnDemand ? "" : " " + alternative.market);
}

}  // namespace rayctl::gcp
