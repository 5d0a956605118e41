#include "providers/kubernetes/pod_tags.h"

#include "providers/kubernetes/find_in.h"
#include "providers/kubernetes/pod_name.h"

namespace rayctl::kubernetes {
namespace {

constexpr char kDefaultContainer[] = "kubectl.kubernetes.io/default-container";

void read_texts(const Json& pod, const char* section, Tags& into) {
  const Json* texts = find_in(pod, {"metadata", section});
  if (texts == nullptr || !texts->is_object()) return;
  for (const auto& [key, value] : texts->items()) {
    const bool others = key.find('/') != std::string::npos;
    if (value.is_string() && !others) into[key] = value.get<std::string>();
  }
}

}  // namespace

Json tags_as_metadata(const Tags& tags, bool patch) {
  Json labels = Json::object(), annotations = Json::object();
  for (const auto& [key, value] : tags) {
    const bool label = is_label_value(value);
    (label ? labels : annotations)[key] = value;
    if (patch) (label ? annotations : labels)[key] = nullptr;
  }
  Json metadata = Json::object();
  if (!labels.empty()) metadata["labels"] = std::move(labels);
  if (!annotations.empty()) metadata["annotations"] = std::move(annotations);
  return metadata;
}

Tags tags_of(const Json& pod) {
  Tags tags;
  read_texts(pod, "annotations", tags);
  read_texts(pod, "labels", tags);
  return tags;
}

std::string ray_container(const Json& pod) {
  const std::string chosen = text_at(pod, {"metadata", "annotations", kDefaultContainer});
  const Json* containers = find_in(pod, {"spec", "containers"});
  if (containers == nullptr || !containers->is_array() || containers->empty()) return "";
  for (const Json& each : *containers) {
    if (!chosen.empty() && text_at(each, {"name"}) == chosen) return chosen;
  }
  return text_at(containers->front(), {"name"});
}

}  // namespace rayctl::kubernetes
