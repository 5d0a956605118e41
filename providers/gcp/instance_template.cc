#include "providers/gcp/instance_template.h"

#include <utility>

#include "net/url_text.h"
#include "providers/gcp/instances.h"
#include "providers/gcp/resource_url.h"

namespace rayctl::gcp {

std::string template_path(const GcePlace& place, const std::string& name) {
  const std::string project = part_after(name, "projects", place.project);
  const std::string region = part_after(name, "regions", "");
  return "projects/" + percent_encode(project) + "/" +
         (region.empty() ? "global" : "regions/" + percent_encode(region)) + "/instanceTemplates/" +
         percent_encode(last_part(name));
}

Reply<Json> template_properties(Api& api, const GcePlace& place, const std::string& name,
                                Time deadline) {
  const std::string path = template_path(place, name);
  const bool regional = path.find("/regions/") != std::string::npos;
  Reply<Json> answer = api.call(
      {.id = regional ? "compute.regionInstanceTemplates.get" : "compute.instanceTemplates.get",
       .path = path,
       .repeatable = true},
      deadline);
  if (!answer && answer.api.status == 404) {
    return {permanent(ErrorCode::kProviderRefused, "there is no instance template " + path),
            answer.api};
  }
  if (!answer) {
    return {in_context(answer.value.error(), "looking up the instance template " + name),
            answer.api};
  }
  const auto properties = answer->find("properties");
  const bool there = properties != answer->end() && properties->is_object();
  return {there ? *properties : Json::object(), {}};
}

}  // namespace rayctl::gcp
