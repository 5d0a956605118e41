#include "providers/gcp/images.h"

#include <set>
#include <utility>

#include "base/parallel.h"
#include "net/url_text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/node_config.h"
#include "providers/gcp/resource_url.h"

namespace rayctl::gcp {
namespace {

constexpr std::size_t kAtOnce = 8;

Result<std::string> newest(Api& api, const ImageFamily& family, Time deadline) {
  const Reply<Json> answer =
      api.call({.id = "compute.images.getFromFamily",
                .path = "projects/" + percent_encode(family.project) + "/global/images/family/" +
                        percent_encode(family.family),
                .repeatable = true},
               deadline);
  const std::string title = family.family + " in the project " + family.project;
  if (!answer && answer.api.status == 404) {
    return permanent(ErrorCode::kProviderRefused,
                     "there is no family of images " + title +
                         ", or every image of it is deprecated; see `gcloud compute images list "
                         "--project=" +
                         family.project + "`");
  }
  if (!answer) return in_context(answer.value.error(), "looking up the newest image of " + title);
  const auto name = answer->find("name");
  if (name == answer->end() || !name->is_string()) {
    return permanent(ErrorCode::kProviderRefused,
                     "the answer about the family of images " + title + " does not name an image");
  }
  return "projects/" + family.project + "/global/images/" + name->get<std::string>();
}

/// Where configs name images: in their disks.
std::vector<Json*> images_in(const std::vector<Json*>& node_configs) {
  std::vector<Json*> places;
  for (Json* config : node_configs) {
    if (!config->is_object() || !says(*config, "disks") || !(*config)["disks"].is_array()) continue;
    for (Json& disk : (*config)["disks"]) {
      if (!disk.is_object() || !says(disk, "initializeParams")) continue;
      Json& params = disk["initializeParams"];
      if (params.is_object() && says(params, "sourceImage") && params["sourceImage"].is_string())
        places.push_back(&params["sourceImage"]);
    }
  }
  return places;
}

}  // namespace

std::optional<ImageFamily> image_family(const std::string& source_image,
                                        const std::string& own_project) {
  std::string family = part_after(source_image, "family", "");
  if (family.empty()) return std::nullopt;
  return ImageFamily{part_after(source_image, "projects", own_project), std::move(family)};
}

Result<std::map<std::string, std::string>> resolve_images(
    Api& api, const GcePlace& place, const std::vector<Json*>& node_configs,
    const std::map<std::string, std::string>& pinned, Time deadline) {
  std::map<std::string, std::string> met;
  std::vector<std::pair<std::string, ImageFamily>> asked;
  std::set<std::string> seen;
  const std::vector<Json*> places = images_in(node_configs);
  for (const Json* image : places) {
    const std::string name = image->get<std::string>();
    const std::optional<ImageFamily> family = image_family(name, place.project);
    if (!family || !seen.insert(name).second) continue;
    if (const auto pin = pinned.find(name); pin != pinned.end()) {
      met[name] = pin->second;
    } else {
      asked.emplace_back(name, *family);
    }
  }
  std::vector<Result<std::string>> found(asked.size(), Result<std::string>(std::string()));
  for_each_index(asked.size(), kAtOnce,
                 [&](std::size_t at) { found[at] = newest(api, asked[at].second, deadline); });
  for (std::size_t at = 0; at < asked.size(); ++at) {
    if (!found[at]) return found[at].error();
    met[asked[at].first] = *found[at];
  }
  for (Json* image : places) {
    if (const auto known = met.find(image->get<std::string>()); known != met.end())
      *image = known->second;
  }
  return met;
}

}  // namespace rayctl::gcp
