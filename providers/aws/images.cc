#include "providers/aws/images.h"

#include <string_view>
#include <utility>

namespace rayctl::aws {
namespace {

Result<std::string> look_up(Api& api, const std::string& parameter, Time deadline) {
  const Reply<Json> reply =
      api.json("ssm", "AmazonSSM.GetParameter", {{"Name", parameter}}, deadline);
  if (!reply) {
    if (reply.api.code == "ParameterNotFound") {
      return permanent(ErrorCode::kProviderRefused,
                       "there is no parameter " + parameter + " in " + api.region());
    }
    return in_context(reply.value.error(), "looking up the image " + parameter);
  }
  const Json inner = reply->value("Parameter", Json::object());
  std::string id = inner.value("Value", "");
  if (!id.starts_with("ami-")) {
    return permanent(ErrorCode::kProviderRefused,
                     "the parameter " + parameter + " does not hold the id of an image");
  }
  return id;
}

}  // namespace

std::string image_parameter(const std::string& image_id) {
  if (image_id == kNewestImage) return kLatestDlami;
  for (const std::string_view prefix : {"resolve:ssm:", "ssm:"}) {
    if (image_id.starts_with(prefix)) return image_id.substr(prefix.size());
  }
  return "";
}

Result<std::map<std::string, std::string>> resolve_images(
    Api& api, const std::vector<Json*>& node_configs,
    const std::map<std::string, std::string>& pinned, Time deadline) {
  std::map<std::string, std::string> met;
  for (Json* config : node_configs) {
    const auto image = config->find("ImageId");
    if (image == config->end() || !image->is_string()) continue;
    const std::string name = image->get<std::string>();
    const std::string parameter = image_parameter(name);
    if (parameter.empty()) continue;
    if (const auto pin = pinned.find(name); pin != pinned.end()) met[name] = pin->second;
    if (!met.contains(name)) {
      Result<std::string> id = look_up(api, parameter, deadline);
      if (!id) return id.error();
      met[name] = *std::move(id);
    }
    *image = met[name];
  }
  return met;
}

}  // namespace rayctl::aws
