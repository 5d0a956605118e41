#include "providers/aws/alternatives.h"

#include <charconv>

#include "base/text.h"

namespace rayctl::aws {
namespace {

constexpr char kOnDemand[] = "on-demand";
constexpr char kSpot[] = "spot";

std::string market_of(const Json& node_config) {
  const auto options = node_config.find("InstanceMarketOptions");
  if (options == node_config.end() || !options->is_object()) return kOnDemand;
  return options->value("MarketType", kSpot);
}

std::string or_dash(const std::string& word) {
  return word.empty() ? "-" : word;
}

std::string not_dash(const std::string& word) {
  return word == "-" ? "" : word;
}

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
  const auto add = [&](const Json& text) {
    if (!text.is_string()) return;
    for (const std::string& part : split(text.get<std::string>(), ',')) {
      if (std::string zone = trim(part); !zone.empty()) zones.push_back(std::move(zone));
    }
  };
  if (availability_zone.is_array()) {
    for (const Json& zone : availability_zone)
      add(zone);
  } else {
    add(availability_zone);
  }
  return zones;
}

std::vector<Alternative> alternatives(const Json& node_config, const std::vector<Place>& places,
                                      bool spot_fallback) {
  std::vector<std::string> markets = {market_of(node_config)};
  if (spot_fallback && markets[0] == kSpot) markets.emplace_back(kOnDemand);
  const std::string type = node_config.value("InstanceType", "");
  std::vector<Alternative> all;
  for (const std::string& market : markets) {
    for (const Place& place : places)
      all.push_back({place, type, market});
  }
  return all;
}

std::string launch_attempt_text(const Alternative& alternative, int count) {
  return join({or_dash(alternative.place.zone), or_dash(alternative.place.subnet),
               or_dash(alternative.type), alternative.market, "x" + std::to_string(count)},
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
  if (words.size() != 5) return std::nullopt;
  const std::optional<int> count = read_count(words[4]);
  if (!count) return std::nullopt;
  attempt.count = *count;
  attempt.launch =
      Alternative{{not_dash(words[0]), not_dash(words[1])}, not_dash(words[2]), words[3]};
  return attempt;
}

std::string capacity_key(const Alternative& alternative) {
  const Place& place = alternative.place;
  return join(
      {place.zone.empty() ? place.subnet : place.zone, alternative.type, alternative.market}, " ");
}

std::string describe(const Alternative& alternative) {
  const Place& place = alternative.place;
  std::string text = !place.zone.empty()     ? place.zone
                     : !place.subnet.empty() ? place.subnet
                                             : "any zone";
  if (alternative.market != kOnDemand) text += " " + alternative.market;
  return text;
}

}  // namespace rayctl::aws
