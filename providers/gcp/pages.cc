#include "providers/gcp/pages.h"

#include <utility>

#include "providers/gcp/instances.h"

namespace rayctl::gcp {
namespace {

constexpr char kMostInAPage[] = "500";

/// Puts the mark of the next page into the call; false if there is none.
bool next_page(const Json& page, Call& call) {
  std::string token = text_of(page, "nextPageToken");
  if (token.empty()) return false;
  call.query["pageToken"] = std::move(token);
  return true;
}

Result<> each_of_scope(const std::string& scope, const Json& part, const char* key,
                       const std::function<void(const Json&)>& each) {
  const std::string code = text_of(object_in(part, "warning"), "code");
  if (!code.empty() && code != "NO_RESULTS_ON_PAGE") {
    return transient(ErrorCode::kProviderUnavailable,
                     "what is in " + scope + " could not be seen: " + code);
  }
  for (const Json& item : list_in(part, key))
    each(item);
  return {};
}

}  // namespace

std::string text_of(const Json& json, const std::string& key) {
  if (!json.is_object()) return "";
  const auto found = json.find(key);
  return found == json.end() || !found->is_string() ? "" : found->get<std::string>();
}

Json object_in(const Json& json, const char* key) {
  if (!json.is_object()) return Json::object();
  const auto found = json.find(key);
  return found == json.end() || !found->is_object() ? Json::object() : *found;
}

Json list_in(const Json& json, const char* key) {
  if (!json.is_object()) return Json::array();
  const auto found = json.find(key);
  return found == json.end() || !found->is_array() ? Json::array() : *found;
}

Reply<std::monostate> for_each_item(Api& api, Call call, const char* key,
                                    const std::function<void(const Json& item)>& each,
                                    Time deadline) {
  call.repeatable = true;
  do {
    const Reply<Json> page = api.call(call, deadline);
    if (!page) return {page.value.error(), page.api};
    for (const Json& item : list_in(*page, key))
      each(item);
    if (!next_page(*page, call)) return {};
  } while (true);
}

Reply<std::monostate> for_each_in_zones(Api& api, Call call, const char* key,
                                        const std::function<bool(const std::string&)>& wanted,
                                        const std::function<void(const Json&)>& each,
                                        Time deadline) {
  call.query["maxResults"] = kMostInAPage;
  call.repeatable = true;
  do {
    const Reply<Json> page = api.call(call, deadline);
    if (!page) return {page.value.error(), page.api};
    const Json items = object_in(*page, "items");
    for (const auto& [scope, part] : items.items()) {
      if (!wanted(last_part(scope))) continue;
      if (Result<> taken = each_of_scope(scope, part, key, each); !taken)
        return {taken.error(), {}};
    }
    if (!next_page(*page, call)) return {};
  } while (true);
}

}  // namespace rayctl::gcp
