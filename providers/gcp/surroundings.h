#pragma once
#include <map>
#include <string>

#include "base/result.h"

namespace rayctl::gcp {

/// Variables of an environment.
using Environment = std::map<std::string, std::string>;
/// A variable, "" where it is not set.
std::string variable(const Environment& env, const std::string& name);

/// The folder of gcloud's files: CLOUDSDK_CONFIG, else ~/.config/gcloud.
std::string gcloud_folder(const Environment& env);
/// The file that `gcloud auth application-default login` writes; it need not be there.
std::string well_known_file(const Environment& env);

/// A property of gcloud's, as `gcloud config get SECTION/NAME` has it: the variable
/// CLOUDSDK_SECTION_NAME, else what the active configuration's file says. "" where there is none;
/// kCredentials if a file is there and cannot be read.
Result<std::string> gcloud_property(const Environment& env, const std::string& section,
                                    const std::string& name);

}  // namespace rayctl::gcp
