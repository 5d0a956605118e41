#include "providers/kubernetes/watch.h"

#include <optional>

namespace rayctl::kubernetes {
namespace {

std::optional<WatchEvent::Kind> kind_of(const std::string& type) {
  if (type == "ADDED") return WatchEvent::Kind::kAdded;
  if (type == "MODIFIED") return WatchEvent::Kind::kModified;
  if (type == "DELETED") return WatchEvent::Kind::kDeleted;
  return std::nullopt;
}

std::string version_of(const Json& object) {
  if (!object.is_object()) return "";
  const auto facts = object.find("metadata");
  if (facts == object.end() || !facts->is_object()) return "";
  const auto version = facts->find("resourceVersion");
  return version != facts->end() && version->is_string() ? version->get<std::string>() : "";
}

}  // namespace

Query WatchState::query(const Query& given) const {
  Query all = given;
  all.emplace_back("watch", "1");
  all.emplace_back("allowWatchBookmarks", "true");
  all.emplace_back("resourceVersion", version_);
  return all;
}

bool WatchState::take(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    line_.append(piece.substr(0, end));
    if (end == std::string_view::npos) return true;
    piece.remove_prefix(end + 1);
    const std::string line = std::move(line_);
    line_.clear();
    if (!line.empty() && !take_line(line)) return false;
  }
  return true;
}

void WatchState::finish() {
  if (!enough_ && !line_.empty() && Json::accept(line_)) take_line(line_);
  line_.clear();
}

bool WatchState::take_line(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  // What is no event ends this connection; the next one begins after the last event.
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string() ||
      !json.contains("object")) {
    return false;
  }
  const std::string type = json["type"];
  if (type == "ERROR") {
    const ApiStatus status = read_status(json["object"]);
    expired_ = status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
    return false;
  }
  ++heard_;
  const std::string version = version_of(json["object"]);
  const auto kind = kind_of(type);
  if (kind) enough_ = !sink_({*kind, json["object"]});
  if (!version.empty()) version_ = version;
  return !enough_;
}

}  // namespace rayctl::kubernetes
