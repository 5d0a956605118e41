#pragma once
#include <string>

#include "providers/gcp/api.h"
#include "providers/gcp/surroundings.h"

namespace rayctl::gcp {

/// What the paths of a service's calls are appended to, with a slash at its end. Google's own, or
/// what gcloud's property api_endpoint_overrides/{compute,iam,cloudresourcemanager,tpu} says (a
/// variable or its file); a version that is missing there is added, as gcloud does. kCredentials if
/// gcloud's file cannot be read.
Result<std::string> base_of(Service service, const Environment& env);
/// The same of IAM's service that gives tokens of other accounts.
Result<std::string> base_of_credentials(const Environment& env);

}  // namespace rayctl::gcp
