#pragma once
#include <string>
#include <vector>

#include "model/config.h"
#include "model/diagnostic.h"
#include "model/names.h"
#include "model/resource.h"

namespace rayctl::kubernetes {

inline constexpr char kNamespaceResource[] = "namespace";
inline constexpr char kAccountResource[] = "service-account";
inline constexpr char kRoleResource[] = "role";
inline constexpr char kBindingResource[] = "role-binding";
inline constexpr char kServiceResource[] = "service ";  ///< and the service's name

/// What the config's provider section asks for beside pods: the namespace, what it gives the
/// autoscaler for an account, and services, each after its needs. `want` is the manifest. Pure, as
/// all here.
std::vector<ResourceSpec> wanted_objects(const Config& config, const std::string& space);

/// All that is wrong with those manifests.
std::vector<Diagnostic> object_mistakes(const Config& config, const std::string& space);

/// The path of an object of that resource's kind in the API; "" for no kind of ours.
std::string object_path(const ResourceName& name, const std::string& title,
                        const std::string& space);

}  // namespace rayctl::kubernetes
