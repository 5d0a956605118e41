#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "providers/gcp/api.h"
#include "providers/gcp/gce_types.h"

namespace rayctl::gcp {

/// A family of images, which means its newest one.
struct ImageFamily {
  std::string project;  ///< "deeplearning-platform-release"
  std::string family;   ///< "common-cpu"
  bool operator==(const ImageFamily&) const = default;
};

/// The family that a sourceImage names: "projects/P/global/images/family/F", without the project
/// ("global/images/family/F", "family/F": the cluster's own), or as a whole URL. nullopt for an
/// image.
std::optional<ImageFamily> image_family(const std::string& source_image,
                                        const std::string& own_project);

/// Provider::resolve_images: in every disk of every config, what names a family is replaced by the
/// family's newest image ("projects/P/global/images/I"), or by what `pinned` says of it. Several
/// are asked for at once, each once. kPermanent if there is no such family.
Result<std::map<std::string, std::string>> resolve_images(
    Api& api, const GcePlace& place, const std::vector<Json*>& node_configs,
    const std::map<std::string, std::string>& pinned, Time deadline);

}  // namespace rayctl::gcp
