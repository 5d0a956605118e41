#include "model/codec_document.h"

#include <algorithm>
#include <charconv>

namespace rayctl::codec {
namespace {

/// The number before the dot, or -1.
int major_of(std::string_view version) {
  int major = -1;
  const std::size_t dot = version.find('.');
  const auto end =
      std::from_chars(version.data(), version.data() + std::min(dot, version.size()), major);
  const bool whole =
      end.ec == std::errc{} && dot != std::string_view::npos && end.ptr == version.data() + dot;
  return whole ? major : -1;
}

}  // namespace

Error refuse(const Document& document, const std::string& path, const std::string& mistake) {
  return permanent(document.unreadable,
                   std::string("not a readable ") + document.name + ": $" + path + ": " + mistake);
}

Result<> check_version(const Json& json, const Document& document) {
  if (!json.is_object()) return refuse(document, "", "expected a record");
  const auto found = json.find("format_version");
  if (found == json.end() || !found->is_string()) {
    return refuse(document, "", "\"format_version\" is missing");
  }
  const std::string& version = found->get_ref<const std::string&>();
  const int major = major_of(version);
  if (major > major_of(document.format)) {
    return permanent(document.too_new, std::string("this ") + document.name + " has format " +
                                           version + " and this rayctl reads up to " +
                                           std::string(document.format) +
                                           ": use the rayctl that wrote it, or a newer one");
  }
  if (major < major_of(document.format)) {
    return refuse(document, ".format_version", "\"" + version + "\" is no format that ever was");
  }
  return {};
}

Result<Json> parse(std::string_view text, const Document& document) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return refuse(document, "", "not JSON, or cut off");
  return json;
}

}  // namespace rayctl::codec
