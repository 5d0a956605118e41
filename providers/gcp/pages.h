#pragma once
#include <functional>
#include <string>
#include <variant>

#include "providers/gcp/api.h"

namespace rayctl::gcp {

/// Text below `key`, "" if there is none.
std::string text_of(const Json& json, const std::string& key);
/// An object or a list below `key`, an empty one of that kind if there is none.
Json object_in(const Json& json, const char* key);
Json list_in(const Json& json, const char* key);

/// Calls `each` with every item of the list below `key` ("items", "accounts") on all pages of a
/// call's answer.
Reply<std::monostate> for_each_item(Api& api, Call call, const char* key,
                                    const std::function<void(const Json& item)>& each,
                                    Time deadline);

/// The same for an aggregatedList, of the zones that `wanted` says: `key` is "instances" or
/// "disks". kTransient if a zone could not be asked: not seen is not the same as gone.
Reply<std::monostate> for_each_in_zones(Api& api, Call call, const char* key,
                                        const std::function<bool(const std::string& zone)>& wanted,
                                        const std::function<void(const Json& item)>& each,
                                        Time deadline);

}  // namespace rayctl::gcp
